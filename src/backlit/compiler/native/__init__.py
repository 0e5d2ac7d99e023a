"""A recorded step as machine code, through LLVM."""

from backlit.compiler.native.build import Binding as Binding
from backlit.compiler.native.build import Plan as Plan
from backlit.compiler.native.capture import check_repeats as check_repeats
from backlit.compiler.native.capture import gradients_of as gradients_of
from backlit.compiler.native.capture import plan_of as plan_of
from backlit.compiler.native.capture import plan_of_graph as plan_of_graph
from backlit.compiler.native.draws import bytes_of as bytes_of
from backlit.compiler.native.draws import drawn_ahead as drawn_ahead
from backlit.compiler.native.errors import NotCompilable as NotCompilable
from backlit.compiler.native.errors import NotYet as NotYet
from backlit.compiler.native.program import NativeStep as NativeStep
from backlit.compiler.native.program import compile_plan as compile_plan
from backlit.compiler.native.swaps import swapped as swapped
