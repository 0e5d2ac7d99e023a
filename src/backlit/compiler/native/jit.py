"""From LLVM's text to code that can be called: optimise for this machine, make an object file, load it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from llvmlite import binding, ir


@cache
def initialised() -> None:
    """LLVM's back end for this machine, woken once."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()


@cache
def host_features() -> str:
    """What this CPU can do, in LLVM's words, as `+avx2,+fma`; nothing where LLVM cannot tell."""
    try:
        return str(binding.get_host_cpu_features().flatten())
    except RuntimeError:
        return ""


@dataclass(frozen=True)
class VectorUnit:
    """A CPU's vectors: the bytes of one, and how many registers hold them."""

    size: int
    registers: int


@cache
def vector_unit() -> VectorUnit:
    """That of this machine."""
    features = host_features().split(",")
    if "+avx512f" in features:
        return VectorUnit(64, 32)
    if binding.get_process_triple().startswith(("aarch64", "arm64")):
        return VectorUnit(16, 32)
    return VectorUnit(32 if "+avx" in features else 16, 16)


def machine_for(cpu: str | None = None, features: str | None = None) -> binding.TargetMachine:
    """A back end for a CPU, by default for the one that this runs on."""
    initialised()
    return binding.Target.from_triple(binding.get_process_triple()).create_target_machine(
        cpu=binding.get_host_cpu_name() if cpu is None else cpu,
        features=host_features() if features is None else features,
        opt=3,
        jit=True,
    )


def optimise(module: binding.ModuleRef, machine: binding.TargetMachine, hard: bool = True) -> None:
    """LLVM's own passes: inlining, loops of vectors; with `hard` unrolling too, and all that its third level knows.

    A step with long loops gains nothing from the third level, and takes several times as long to compile.
    """
    options = binding.create_pipeline_tuning_options(speed_level=3 if hard else 2)
    options.loop_vectorization = True
    options.slp_vectorization = True
    options.loop_unrolling = hard
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)


class Code:
    """Machine code in this process's memory, for as long as this object lives.

    `object` is the object file it was loaded from, which `Code.from_object` loads again, in another process too;
    `bitcode` and `machine` are what it was made from and for, where that is known.
    """

    def __init__(self, object_file: bytes, bitcode: bytes = b"", machine: binding.TargetMachine | None = None) -> None:
        self.object, self.bitcode, self.machine = object_file, bitcode, machine
        # The engine wants a module of its own; the code comes from the object file beside it.
        self.engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine_for())
        self.engine.add_object_file(binding.ObjectFileRef.from_data(object_file))
        self.engine.finalize_object()

    @classmethod
    def from_object(cls, object_file: bytes) -> Code:
        """Code from an object file made by `compiled` for this CPU."""
        return cls(object_file)

    def address(self, name: str) -> int:
        """Where a function begins, for `ctypes.CFUNCTYPE(...)(address)`.

        Raises:
            KeyError: the code has no function of that name.
        """
        address = self.engine.get_function_address(name)
        if not address:
            raise KeyError(f"the compiled code has no function {name!r}")
        return int(address)

    def ir(self) -> str:
        """LLVM's text after optimisation; empty for code that came from an object file."""
        return str(binding.parse_bitcode(self.bitcode)) if self.bitcode else ""

    def assembly(self) -> str:
        """The CPU's instructions as text; empty for code that came from an object file."""
        return str(self.machine.emit_assembly(binding.parse_bitcode(self.bitcode))) if self.machine else ""


def compiled(
    module: ir.Module | str, machine: binding.TargetMachine | None = None, symbols: dict[str, int] | None = None,
    hard: bool = True,
) -> Code:  # fmt: skip
    """A module, or its text, as code for a machine (this one unless told). `hard`: see `optimise`.

    `symbols` are the addresses of functions that the module declares and calls.

    Raises:
        RuntimeError: the text is no valid LLVM module, with LLVM's own words.
    """
    machine = machine or machine_for()
    for name, address in (symbols or {}).items():
        binding.add_symbol(name, address)
    parsed = binding.parse_assembly(str(module))
    parsed.triple, parsed.data_layout = machine.triple, str(machine.target_data)
    parsed.verify()
    optimise(parsed, machine, hard)
    # Kept because making the object file changes the module further.
    bitcode = parsed.as_bitcode()
    return Code(machine.emit_object(parsed), bitcode, machine)
