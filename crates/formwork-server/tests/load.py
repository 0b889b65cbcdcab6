"""Many requests at once, each with a schema of its own, against `formwork serve`.

python load.py http://127.0.0.1:8080 [--seconds 60] [--concurrent 64] [--data FOLDER] [--p99-ms 1]

Takes schemas of MaskBench where they lie in FOLDER, else its own. Prints an object, and
fails if a request failed or a text is invalid, and with --p99-ms if a constraint takes longer.
"""

import argparse
import asyncio
import fractions
import json
import pathlib
import re
import sys
import time

import httpx
import jsonschema

OWN = [
    {"type": "integer", "minimum": 10, "maximum": 99},
    {"enum": ["red", "green", 4, None]},
    {"type": "string", "pattern": "^[a-z]{3,9}$"},
    {"type": "string", "format": "date-time"},
    {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 5},
    {"type": "array", "uniqueItems": True, "items": {"enum": [1, 2, 3, 4]}, "minItems": 2},
    {"anyOf": [{"const": {"k": 1}}, {"type": "array", "maxItems": 0}]},
]


def own():
    """Schemas that need no file: 64 objects, no two alike, around those above."""
    for number in range(64):
        yield {
            "type": "object",
            "properties": {f"a{number}": OWN[number % len(OWN)], "b": {"type": "string", "maxLength": number % 9}},
            "required": [f"a{number}"],
            "additionalProperties": False,
        }


def benchmark(folder):
    for path in sorted(pathlib.Path(folder).glob("*.json"))[::17]:
        yield json.loads(path.read_text(encoding="utf-8"))["schema"]


async def usable(client, schemas, wanted, tokens):
    """The first schemas that compile, and of which a text fits into the tokens."""
    found = []
    for schema in schemas:
        told = (await client.post("/api/check", json={"json_schema": json.dumps(schema)})).json()
        if told.get("verdict") not in ("exact", "subset"):
            continue
        roots = [value for value in told["values"] if "" in value["pointers"]]
        if not roots or roots[0]["min_bytes"] > tokens // 2:
            continue
        kind = jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator)
        try:
            validator = kind(schema)
            for value in ({}, [], "", 0):
                validator.is_valid(value)
        except (re.error, jsonschema.exceptions.SchemaError, Exception) as error:
            print(f"the other validator cannot read a schema: {error!r:.100}", file=sys.stderr)
            continue
        found.append((json.dumps(schema), validator))
        if len(found) == wanted:
            break
    return found


def exact(text):
    """A number with a fraction or exponent: exact where it is an integer."""
    exponent = re.search("[eE]([-+]?[0-9]+)", text)
    if exponent and abs(int(exponent[1])) > 4000:
        return float(text)
    value = fractions.Fraction(text)
    return value.numerator if value.denominator == 1 else float(text)


class Tally:
    def __init__(self):
        self.requests = self.tokens = 0
        self.errors, self.invalid, self.times = [], [], []


async def worker(client, number, schemas, until, tokens, tally):
    turn = number
    while time.monotonic() < until:
        text, validator = schemas[turn % len(schemas)]
        turn += 64
        schema = json.loads(text)
        body = {
            "messages": [{"role": "user", "content": "an example"}],
            "response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema}},
            "max_tokens": tokens,
            "seed": turn,
        }
        begun = time.monotonic()
        try:
            answer = await client.post("/v1/chat/completions", json=body)
            told = answer.json()
            tally.requests += 1
            if answer.status_code != 200:
                tally.errors.append(told["error"]["message"])
                continue
            tally.times.append(time.monotonic() - begun)
            tally.tokens += told["usage"]["completion_tokens"]
            content = told["choices"][0]["message"]["content"]
            if not validator.is_valid(json.loads(content, parse_float=exact)):
                tally.invalid.append((content, text))
        except Exception as error:  # whatever it is, it is counted
            tally.errors.append(repr(error))


async def buckets(client, kind):
    """How many tokens had a constraint that took at most so long."""
    text = (await client.get("/metrics")).text
    line = rf'^formwork_constraint_token{kind}_seconds_bucket\{{le="([^"]+)"\}} (\d+)'
    return {float(le.replace("+Inf", "inf")): int(n) for le, n in re.findall(line, text, re.M)}


# Time from begin to end, and of the processor.
KINDS = ("", "_cpu")


def quantile(counts, part):
    """The bound below which so large a part lies."""
    total = max(counts.values(), default=0)
    return next((le for le, n in sorted(counts.items()) if n >= part * total), None) if total else None


async def main(args):
    limits = httpx.Limits(max_connections=args.concurrent + 4)
    async with httpx.AsyncClient(base_url=args.base, timeout=120, limits=limits) as client:
        source = benchmark(args.data) if args.data and pathlib.Path(args.data).is_dir() else own()
        schemas = await usable(client, source, args.schemas, args.tokens)
        before = [await buckets(client, kind) for kind in KINDS]
        tally, until = Tally(), time.monotonic() + args.seconds
        work = (worker(client, n, schemas, until, args.tokens, tally) for n in range(args.concurrent))
        await asyncio.gather(*work)
        after = [await buckets(client, kind) for kind in KINDS]
    wall, cpu = ({le: n - old.get(le, 0) for le, n in new.items()} for old, new in zip(before, after))
    times = sorted(tally.times)
    told = {
        "schemas": len(schemas),
        "concurrent": args.concurrent,
        "seconds": args.seconds,
        "requests": tally.requests,
        "errors": len(tally.errors),
        "invalid": len(tally.invalid),
        "tokens": tally.tokens,
        "request_p50_s": round(times[len(times) // 2], 3) if times else None,
        "request_p99_s": round(times[len(times) * 99 // 100], 3) if times else None,
        "constraint_per_token": {
            name: {
                "p50_s_at_most": quantile(counts, 0.5),
                "p99_s_at_most": quantile(counts, 0.99),
                "within_1_ms": round(counts.get(1e-3, 0) / max(1, *counts.values()), 5),
            }
            for name, counts in (("wall", wall), ("cpu", cpu))
        },
    }
    print(json.dumps(told, indent=1))
    for problem in (tally.errors + tally.invalid)[:5]:
        print(problem, file=sys.stderr)
    # Of the processor: on a machine that does other things as well, the other is theirs, too.
    slowest = quantile(cpu, 0.99)
    is_fast = args.p99_ms is None or (slowest is not None and slowest * 1e3 <= args.p99_ms)
    return 0 if tally.requests and not tally.errors and not tally.invalid and is_fast else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--concurrent", type=int, default=64)
    parser.add_argument("--schemas", type=int, default=256)
    parser.add_argument("--tokens", type=int, default=120)
    parser.add_argument("--data")
    parser.add_argument("--p99-ms", type=float, help="fail if a constraint takes more for a token")
    sys.exit(asyncio.run(main(parser.parse_args())))
