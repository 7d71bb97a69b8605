#!/usr/bin/env python3
"""Writes vectors.f32: the vector of each line of texts.jsonl, 384 floats each, little-endian. By PyTorch's own transformer
layers (Debian's python3-torch), in double precision, so that nothing is shared with what is judged by it.
  make-vectors.py MODEL_FOLDER < texts.jsonl > vectors.f32"""
import json, struct, sys
import numpy, torch

folder = sys.argv[1]
with open(f"{folder}/model.fp16.safetensors", "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    numbers = file.read()


def get(name):
    about = header[name]
    begin, end = about["data_offsets"]
    assert about["dtype"] == "F16"
    return torch.from_numpy(numpy.frombuffer(numbers[begin:end], "<f2").astype("f8").reshape(about["shape"]))


def dense(to, name):
    to.weight.data, to.bias.data = get(f"{name}.weight"), get(f"{name}.bias")


layers = []
for i in range(6):
    layer = torch.nn.TransformerEncoderLayer(384, 12, 1536, dropout=0, activation="gelu", layer_norm_eps=1e-12, batch_first=True)
    at = f"encoder.layer.{i}"
    three = [f"{at}.attention.self.{part}" for part in ("query", "key", "value")]
    layer = layer.double().eval()
    layer.self_attn.in_proj_weight.data = torch.cat([get(f"{name}.weight") for name in three])
    layer.self_attn.in_proj_bias.data = torch.cat([get(f"{name}.bias") for name in three])
    dense(layer.self_attn.out_proj, f"{at}.attention.output.dense")
    dense(layer.norm1, f"{at}.attention.output.LayerNorm")
    dense(layer.linear1, f"{at}.intermediate.dense")
    dense(layer.linear2, f"{at}.output.dense")
    dense(layer.norm2, f"{at}.output.LayerNorm")
    layers.append(layer)
first = torch.nn.LayerNorm(384, eps=1e-12).double()
dense(first, "embeddings.LayerNorm")
words, places, kinds = (get(f"embeddings.{name}_embeddings.weight") for name in ("word", "position", "token_type"))

with torch.no_grad():
    for line in sys.stdin:
        ids = json.loads(line)["ids"]
        state = first(words[ids] + places[: len(ids)] + kinds[0]).unsqueeze(0)
        for layer in layers:
            state = layer(state)
        vector = torch.nn.functional.normalize(state[0].mean(0), dim=0)
        sys.stdout.buffer.write(vector.numpy().astype("<f4").tobytes())
