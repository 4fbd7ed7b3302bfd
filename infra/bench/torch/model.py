"""The GPT that the programs here run, with Chimera's names of its weights.

Pre-LN blocks, tanh GELU, learned positions, biases everywhere but in the untied
output head. A weight file stores matrices [in, out] (y = x W + b), transposed
against torch.nn.Linear; load and state turn them round.
"""

import dataclasses

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclasses.dataclass(frozen=True)
class Shape:
    """The size of a GPT."""

    vocabulary: int
    context: int
    width: int
    layers: int
    heads: int


# The model of compute/gpt_decode and compute/gpt_train: 26 M parameters, 25 M
# without embeddings.
BENCH = Shape(vocabulary=1024, context=256, width=512, layers=8, heads=8)


class Cache:
    """Keys and values of every layer, of a fixed size, [batch, heads, context, width / heads]."""

    def __init__(self, shape: Shape, batch: int, dtype: torch.dtype):
        size = (batch, shape.heads, shape.context, shape.width // shape.heads)
        self.keys = [torch.zeros(size, dtype=dtype) for _ in range(shape.layers)]
        self.values = [torch.zeros(size, dtype=dtype) for _ in range(shape.layers)]


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def split(self, x: Tensor) -> list[Tensor]:
        """Queries, keys and values, each [batch, heads, time, width / heads]."""
        batch, time, _ = x.shape
        return [t.view(batch, time, self.heads, -1).transpose(1, 2) for t in self.qkv(x).chunk(3, dim=-1)]

    def merge(self, y: Tensor) -> Tensor:
        return self.proj(y.transpose(1, 2).flatten(2))

    def forward(self, x: Tensor) -> Tensor:
        return self.merge(F.scaled_dot_product_attention(*self.split(x), is_causal=True))

    def step(self, x: Tensor, keys: Tensor, values: Tensor, position: int) -> Tensor:
        """One token a sequence, [batch, 1, width], over a cache that it is put into."""
        q, k, v = self.split(x)
        keys[:, :, position : position + 1] = k
        values[:, :, position : position + 1] = v
        return self.merge(F.scaled_dot_product_attention(q, keys[:, :, : position + 1], values[:, :, : position + 1]))

    def masked(self, x: Tensor, keys: Tensor, values: Tensor, position: Tensor, mask: Tensor) -> Tensor:
        """As step, with shapes that no position changes: attends to the whole cache under a mask."""
        q, k, v = self.split(x)
        keys.index_copy_(2, position, k)
        values.index_copy_(2, position, v)
        return self.merge(F.scaled_dot_product_attention(q, keys, values, attn_mask=mask))


class MLP(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.fc = nn.Linear(width, 4 * width)
        self.proj = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(F.gelu(self.fc(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.ln1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.ln2 = nn.LayerNorm(width)
        self.mlp = MLP(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class GPT(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.wte = nn.Embedding(shape.vocabulary, shape.width)
        self.wpe = nn.Embedding(shape.context, shape.width)
        self.blocks = nn.ModuleList(Block(shape.width, shape.heads) for _ in range(shape.layers))
        self.lnf = nn.LayerNorm(shape.width)
        self.head = nn.Linear(shape.width, shape.vocabulary, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """The logits of every next token."""
        x = self.wte(tokens) + self.wpe.weight[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.lnf(x))

    def loss(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy over every position of every sequence."""
        return F.cross_entropy(self(tokens).flatten(0, 1), targets.flatten())

    def step(self, tokens: Tensor, cache: Cache, position: int) -> Tensor:
        """The logits after one more token a sequence, [batch, 1]."""
        x = self.wte(tokens) + self.wpe.weight[position]
        for block, keys, values in zip(self.blocks, cache.keys, cache.values):
            x = x + block.attn.step(block.ln1(x), keys, values, position)
            x = x + block.mlp(block.ln2(x))
        return self.head(self.lnf(x))

    def masked(self, tokens: Tensor, cache: Cache, position: Tensor, mask: Tensor) -> Tensor:
        """As step, with the position as a tensor [1] and the mask that belongs to it."""
        x = self.wte(tokens) + self.wpe(position)
        for block, keys, values in zip(self.blocks, cache.keys, cache.values):
            x = x + block.attn.masked(block.ln1(x), keys, values, position, mask)
            x = x + block.mlp(block.ln2(x))
        return self.head(self.lnf(x))


def turned(name: str) -> bool:
    """Whether a weight is stored transposed: the matrices, but for the embeddings."""
    return name.endswith(".weight") and not name.startswith(("wte", "wpe")) and ".ln" not in name and not name.startswith("lnf")


def load(weights: dict[str, Tensor], heads: int) -> GPT:
    """The model that a weight file describes, in the weights' own type."""
    context, width = weights["wpe.weight"].shape
    layers = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("blocks."))
    model = GPT(Shape(len(weights["wte.weight"]), context, width, layers, heads)).to(weights["wte.weight"].dtype)
    model.load_state_dict({name: w.T if turned(name) else w for name, w in weights.items()})
    return model


def state(model: GPT) -> dict[str, Tensor]:
    """The weights as a weight file stores them."""
    return turn(dict(model.named_parameters()))


def turn(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Named tensors of the model, its weights or their gradients, as a weight file stores them."""
    return {name: (t.T if turned(name) else t).detach().clone(memory_format=torch.contiguous_format) for name, t in tensors.items()}


def adamw(model: GPT, lr: float, **options: bool) -> torch.optim.AdamW:
    """AdamW with betas 0.9 and 0.95, eps 1e-8, and decay 0.1 of tensors of rank 2, embeddings too."""
    decayed = [p for p in model.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if p.dim() != 2]
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.95), eps=1e-8, **options)


def clip(model: GPT, limit: float = 1.0) -> float:
    """Scales all gradients by min(1, limit / (norm + 1e-6)), norm their common L2 norm, which it returns."""
    return torch.nn.utils.clip_grad_norm_(model.parameters(), limit).item()
