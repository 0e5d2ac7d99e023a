"""A graph of any depth is recorded, walked and thrown away without recursion."""

import gc
import subprocess
import sys
import weakref

import backlit as torch

DEPTH = 100_000


def test_a_hundred_thousand_operations():
    x = torch.ones(2, requires_grad=True)
    y = x
    for _ in range(DEPTH):
        y = y + 1
    y.sum().backward()
    assert y.tolist() == [DEPTH + 1.0] * 2
    assert x.grad.tolist() == [1.0, 1.0]
    last = weakref.ref(y)
    del y
    assert last() is None


def test_a_deep_graph_that_was_never_walked_is_thrown_away():
    script = f"""
import threading
import backlit as torch

def run():
    x = torch.ones(2, requires_grad=True)
    y = x
    for _ in range({DEPTH}):
        y = y.sin() * 1.5
    del y
    print("done")

threading.stack_size(256 * 1024)  # far too small for a frame an operation
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr


def test_a_graph_is_freed_without_the_cycle_collector():
    gc.disable()
    try:
        x = torch.ones(3, requires_grad=True)
        y = torch.softmax((x * 2).exp(), dim=0)
        big = weakref.ref(y.grad_fn)
        y.sum().backward()
        del y
        assert big() is None
    finally:
        gc.enable()


def test_a_functions_graph_is_freed_without_the_cycle_collector():
    class Exponential(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            out = x.exp()
            ctx.save_for_backward(out)
            return out, out * 2

        @staticmethod
        def backward(ctx, g, h):
            return (g + 2 * h) * ctx.saved_tensors[0]

    gc.disable()
    try:
        first, second = Exponential.apply(torch.ones(3, requires_grad=True))
        alive = weakref.ref(first.grad_fn.edges[0])
        (first + second).sum().backward()
        del first, second
        assert alive() is None
    finally:
        gc.enable()
