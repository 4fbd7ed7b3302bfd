"""Writes what float64 PyTorch computes, for the tests of compute.

    export_golden.py FOLDER     compute/testdata/golden of this repository

Writes ops.safetensors, every op forward and backward at several shapes, and
gpt.safetensors, ten AdamW steps of a small GPT. Inputs are float32 values, so
that every backend starts from the same numbers; what is computed of them is
float64. FOLDER's README.md describes the names.
"""

import argparse
import pathlib

import safetensors.torch
import torch
from torch import Tensor
from torch.nn import functional as F

from model import GPT, Shape, adamw, clip, state, turn

Tensors = dict[str, Tensor]


class Fixture:
    """Tensors of a file, by name, and the source of random inputs."""

    def __init__(self, seed: int):
        self.tensors: Tensors = {}
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int, scale: float = 1.0) -> Tensor:
        """Float32 values held as float64, which gradients flow to."""
        values = torch.randn(shape, generator=self.generator, dtype=torch.float32) * scale
        return values.double().requires_grad_()

    def integers(self, high: int, *shape: int) -> Tensor:
        return torch.randint(high, shape, generator=self.generator)

    def add(self, case: str, outputs: Tensors, upstream: Tensor | None = None, **inputs: Tensor) -> None:
        """Adds a case: its inputs, its outputs, and the inputs' gradients.

        Gradients are those of the first output, times upstream (stored as dy)
        where it is not a scalar.
        """
        first = next(iter(outputs.values()))
        wanting = {name: t for name, t in inputs.items() if t.requires_grad}
        gradients = torch.autograd.grad(first, list(wanting.values()), upstream, retain_graph=True)
        for name, t in inputs.items():
            self.put(f"{case}/{name}", t.float() if t.is_floating_point() else t)
        if upstream is not None:
            self.put(f"{case}/dy", upstream.float())
        for name, t in outputs.items():
            self.put(f"{case}/{name}", t)
        for name, t in zip(wanting, gradients):
            self.put(f"{case}/d{name}", t)

    def put(self, name: str, t: Tensor) -> None:
        assert name not in self.tensors, name
        self.tensors[name] = t.detach().clone(memory_format=torch.contiguous_format)


def linear(f: Fixture) -> None:
    for i, (m, k, n) in enumerate([(1, 1, 1), (5, 7, 3), (13, 32, 32), (33, 67, 41)]):
        x, w, b = f.normal(m, k), f.normal(k, n), f.normal(n)
        f.add(f"linear/{i}", {"y": x @ w + b}, f.normal(m, n).detach(), x=x, w=w, b=b)


def norms(f: Fixture) -> None:
    for i, (rows, width) in enumerate([(1, 1), (3, 5), (2, 32), (7, 67)]):
        x, w, b = f.normal(rows, width, scale=3), f.normal(width), f.normal(width)
        y = F.layer_norm(x, (width,), w, b, eps=1e-5)
        f.add(f"layernorm/{i}", {"y": y}, f.normal(rows, width).detach(), x=x, w=w, b=b)
        x, w = f.normal(rows, width, scale=3), f.normal(width)
        y = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * w
        f.add(f"rmsnorm/{i}", {"y": y}, f.normal(rows, width).detach(), x=x, w=w)


def activations(f: Fixture) -> None:
    functions = {"gelu": lambda x: F.gelu(x, approximate="tanh"), "silu": F.silu, "relu": F.relu, "tanh": torch.tanh}
    for name, function in functions.items():
        for i, n in enumerate([1, 16, 67]):
            x = f.normal(n, scale=2)
            f.add(f"{name}/{i}", {"y": function(x)}, f.normal(n).detach(), x=x)
        x = torch.tensor([-80.0, -20.0, -6.0, -1e-3, 0.0, 1e-30, 1e-3, 6.0, 20.0, 80.0]).double().requires_grad_()
        f.add(f"{name}/extreme", {"y": function(x)}, torch.ones(10).double(), x=x)


def softmaxes(f: Fixture) -> None:
    for name, function in {"softmax": F.softmax, "log_softmax": F.log_softmax}.items():
        for i, (rows, n) in enumerate([(1, 1), (3, 5), (2, 32), (5, 67)]):
            x = f.normal(rows, n, scale=4)
            f.add(f"{name}/{i}", {"y": function(x, -1)}, f.normal(rows, n).detach(), x=x)
        x = (f.normal(2, 9, scale=1000).detach() + torch.tensor([[1e4], [-1e4]])).float().double().requires_grad_()
        f.add(f"{name}/huge", {"y": function(x, -1)}, f.normal(2, 9).detach(), x=x)


def cross_entropy(f: Fixture) -> None:
    """loss is the mean over the targets that are not -1, rows the loss of each row, 0 where it is -1."""
    for i, (rows, n) in enumerate([(1, 1), (3, 5), (8, 32), (11, 67)]):
        logits, targets = f.normal(rows, n, scale=3), f.integers(n, rows)
        if rows > 1:
            targets[1::3] = -1
        loss = F.cross_entropy(logits, targets, ignore_index=-1)
        each = F.cross_entropy(logits, targets, ignore_index=-1, reduction="none")
        f.add(f"cross_entropy/{i}", {"loss": loss, "rows": each}, logits=logits, targets=targets)


def divergences(f: Fixture) -> None:
    """p the softmax of teacher / temperature, q of student / temperature; loss is the mean over rows, without temperature squared."""
    for i, (rows, n, temperature) in enumerate([(1, 2, 1.0), (3, 5, 2.0), (5, 67, 0.5)]):
        for name in ["kl_forward", "kl_reverse", "js"]:
            teacher, student = f.normal(rows, n, scale=2), f.normal(rows, n, scale=2)
            log_p, log_q = F.log_softmax(teacher / temperature, -1), F.log_softmax(student / temperature, -1)
            p, q = log_p.exp(), log_q.exp()
            log_m = ((p + q) / 2).log()
            each = {
                "kl_forward": (p * (log_p - log_q)).sum(-1),
                "kl_reverse": (q * (log_q - log_p)).sum(-1),
                "js": ((p * (log_p - log_m)).sum(-1) + (q * (log_q - log_m)).sum(-1)) / 2,
            }[name]
            case = f"{name}/{i}"
            f.add(case, {"loss": each.mean(), "rows": each}, student=student, teacher=teacher.detach())
            f.put(f"{case}/temperature", torch.tensor([temperature], dtype=torch.float64))


def mse(f: Fixture) -> None:
    for i, shape in enumerate([(1,), (3, 5), (4, 67)]):
        x, target = f.normal(*shape), f.normal(*shape).detach()
        f.add(f"mse/{i}", {"loss": F.mse_loss(x, target)}, x=x, target=target)


def attention(f: Fixture) -> None:
    """Causal, scores scaled by the root of the heads' width."""
    for i, (batch, heads, time, width) in enumerate([(1, 1, 1, 1), (1, 2, 5, 3), (2, 1, 16, 16), (1, 2, 37, 8)]):
        q, k, v = (f.normal(batch, heads, time, width) for _ in range(3))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        f.add(f"attention/{i}", {"y": y}, f.normal(batch, heads, time, width).detach(), q=q, k=k, v=v)


def embedding(f: Fixture) -> None:
    for i, (rows, width, n) in enumerate([(1, 1, 1), (5, 3, 7), (11, 17, 40)]):
        w, ids = f.normal(rows, width), f.integers(rows, n)
        f.add(f"embedding/{i}", {"y": F.embedding(ids, w)}, f.normal(n, width).detach(), w=w, ids=ids)


def adamw_alone(f: Fixture) -> None:
    """Ten steps of one tensor; row s of gradients is the gradient of step s, row s of w the tensor after it."""
    w0 = f.normal(9).detach()
    gradients = f.normal(10, 9).detach()
    w = w0.clone().requires_grad_()
    optimizer = torch.optim.AdamW([w], lr=1e-2, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1)
    after = []
    for gradient in gradients:
        w.grad = gradient.clone()
        optimizer.step()
        after.append(w.detach().clone())
    f.put("adamw/0/w0", w0.float())
    f.put("adamw/0/gradients", gradients.float())
    f.put("adamw/0/w", torch.stack(after))


def gpt(f: Fixture) -> None:
    """Ten steps, every step on its own tokens."""
    shape = Shape(vocabulary=29, context=11, width=12, layers=2, heads=3)
    steps, batch, lr = 10, 3, 3e-3
    model = GPT(shape).double()
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(f.normal(*p.shape, scale=0.1) + (1 if ".ln" in name and name.endswith("weight") or name == "lnf.weight" else 0))
            p.copy_(p.float().double())
    for name, w in state(model).items():
        f.put(f"init/{name}", w.float())
    tokens = f.integers(shape.vocabulary, steps, batch, shape.context + 1)
    f.put("tokens", tokens)
    optimizer = adamw(model, lr)
    losses, norms_ = [], []
    for step in range(steps):
        optimizer.zero_grad()
        loss = model.loss(tokens[step, :, :-1], tokens[step, :, 1:])
        loss.backward()
        if step == 0:
            f.put("logits", model(tokens[0, :, :-1]))
            for name, g in turn({n: p.grad for n, p in model.named_parameters()}).items():
                f.put(f"grad/{name}", g)
        norms_.append(clip(model))
        optimizer.step()
        losses.append(loss.item())
    for name, w in state(model).items():
        f.put(f"final/{name}", w)
    f.put("losses", torch.tensor(losses, dtype=torch.float64))
    f.put("grad_norms", torch.tensor(norms_, dtype=torch.float64))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    torch.set_num_threads(1)
    ops = Fixture(seed=20)
    for write in [linear, norms, activations, softmaxes, cross_entropy, divergences, mse, attention, embedding, adamw_alone]:
        write(ops)
    whole = Fixture(seed=21)
    gpt(whole)
    made_by = {"made_by": f"infra/bench/torch/export_golden.py, PyTorch {torch.__version__}"}
    safetensors.torch.save_file(ops.tensors, folder / "ops.safetensors", made_by)
    safetensors.torch.save_file(whole.tensors, folder / "gpt.safetensors", made_by | {"heads": "3"})


if __name__ == "__main__":
    main()
