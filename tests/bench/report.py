#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table, bench.json and bench.svg.

usage: report.py WORK OUTPUT-DIRECTORY   (reads what measure, cases.py and counts.py have written)
"""
import json
import sys

COLOURS = {"ocirun": "#1b7837", "floor": "#999999"}
OTHER_COLOURS = ["#2166ac", "#b2182b", "#e08214", "#762a83", "#01665e"]


def read(work):
    with open(work + "/cases.json", encoding="utf-8") as file:
        data = json.load(file)
    with open(work + "/counts.json", encoding="utf-8") as file:
        data["counts"] = json.load(file)
    data["results"] = {}
    with open(work + "/measured", encoding="utf-8") as file:
        for line in file:
            name, *numbers, failure = line.rstrip("\n").split("\t")
            runs, median, p10, p90, cpu, peak = (int(n) for n in numbers)
            data["results"][name] = {"runs": runs, "median_ms": median / 1000, "p10_ms": p10 / 1000, "p90_ms": p90 / 1000,
                                     "cpu_median_ms": cpu / 1000, "peak_rss_kib": peak, "failure": failure or None}
    return data


class Report:
    def __init__(self, data):
        self.data = data
        self.runtimes = list(data["settings"]["runtimes"])
        measured = {case["scenario"] for case in data["cases"]}
        self.scenarios = [name for name in data["titles"] if name in measured]

    def median(self, scenario, runtime, key="median_ms"):
        result = self.data["results"].get(scenario + "/" + runtime)
        return result[key] if result and not result["failure"] else None

    def cell(self, scenario, runtime):
        result = self.data["results"].get(scenario + "/" + runtime)
        if not result:
            return ""
        if result["failure"]:
            return "failed"
        return "%.2f (%.2f-%.2f)" % (result["median_ms"], result["p10_ms"], result["p90_ms"])

    def ratio(self, scenario, to, key="median_ms"):
        """Of ocirun: medians of the same rounds."""
        own, other = self.median(scenario, "ocirun", key), self.median(scenario, to, key)
        return "%.2f" % (own / other) if own and other else ""

    def tables(self):
        columns = self.runtimes + ["floor"]
        peer = [name for name in self.runtimes if name != "ocirun"][:1]
        yield "Milliseconds: median (10 % - 90 %), and ratios of ocirun's median"
        yield [""] + columns + ["to " + name for name in peer] + ["to floor"]
        for scenario in self.scenarios:
            yield ([self.data["titles"][scenario]] + [self.cell(scenario, c) for c in columns] +
                   [self.ratio(scenario, name) for name in peer] + [self.ratio(scenario, "floor")])
        yield ""
        yield "Processor milliseconds of the processes that the command waits for, median: the better measure under load"
        yield [""] + columns + ["to " + name for name in peer] + ["to floor"]
        for scenario in self.scenarios:
            medians = [self.median(scenario, column, "cpu_median_ms") for column in columns]
            yield ([self.data["titles"][scenario]] + ["" if m is None else "%.2f" % m for m in medians] +
                   [self.ratio(scenario, name, "cpu_median_ms") for name in peer + ["floor"]])
        yield ""
        yield "Peak memory of the largest process (KiB)"
        yield from self.numbers(columns, lambda r: str(r["peak_rss_kib"]))
        yield ""
        yield from self.counted(columns)
        for name, result in self.data["results"].items():
            if name.startswith("empty/"):
                yield "%s: %.2f ms, %d KiB" % (name.partition("/")[2], result["median_ms"], result["peak_rss_kib"])
        for name, result in self.data["results"].items():
            if result["failure"]:
                yield "%s has failed: %s" % (name, result["failure"])

    def numbers(self, columns, text):
        yield [""] + columns
        for scenario in self.scenarios:
            results = [self.data["results"].get(scenario + "/" + column) for column in columns]
            yield [self.data["titles"][scenario]] + [text(r) if r and not r["failure"] else "" for r in results]

    def counted(self, columns):
        calls, waiting = self.data["counts"]["calls"], self.data["counts"]["waiting"]
        if calls:
            yield "System calls of all processes"
            yield [""] + columns
            for scenario in self.scenarios:
                row = [calls.get(scenario + "/" + column) for column in columns]
                if any(row):
                    yield [self.data["titles"][scenario]] + [str(n) if n else "" for n in row]
            yield ""
        for runtime, memory in waiting.items():
            if memory:
                yield "init of %s, waiting for start: PSS %d KiB, RSS %d KiB" % (runtime, memory["pss"], memory["rss"])

    def print(self):
        block = []
        for row in list(self.tables()) + [""]:
            if isinstance(row, list):
                block.append(row)
                continue
            if block:
                widths = [max(len(line[i]) for line in block) for i in range(len(block[0]))]
                for line in block:
                    print("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w)
                                    for i, (cell, w) in enumerate(zip(line, widths))).rstrip())
            block = []
            print(row)

    def colour(self, runtime):
        others = [name for name in self.runtimes if name not in COLOURS]
        return COLOURS.get(runtime) or OTHER_COLOURS[others.index(runtime) % len(OTHER_COLOURS)]

    def svg(self):
        """Bars of the medians, with a line from the tenth to the ninetieth percentile.  A bar that is far
        longer than the others is cut, and its number stands."""
        columns = self.runtimes + ["floor"]
        left, width, bar, gap, top = 230, 560, 12, 12, 54
        rows = [[c for c in columns if self.median(s, c) is not None] for s in self.scenarios]
        medians = sorted(self.median(s, c) for s, row in zip(self.scenarios, rows) for c in row)
        if not medians:
            return
        full = medians[len(medians) * 9 // 10] * 1.1
        height = top + sum(len(row) * bar + gap for row in rows) + 10
        yield ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11">'
               % (left + width + 90, height))
        yield '<rect width="100%" height="100%" fill="white"/>'
        yield '<text x="10" y="18" font-size="14">Milliseconds, medians of %d runs; line: 10 to 90 %%</text>' % (
            self.data["settings"]["runs"])
        for i, name in enumerate(columns):
            yield '<rect x="%d" y="28" width="10" height="10" fill="%s"/>' % (10 + i * 90, self.colour(name))
            yield '<text x="%d" y="37">%s</text>' % (24 + i * 90, escape(name))
        y = top
        for scenario, row in zip(self.scenarios, rows):
            yield '<text x="%d" y="%d" text-anchor="end">%s</text>' % (
                left - 8, y + len(row) * bar / 2 + 4, escape(self.data["titles"][scenario]))
            for name in row:
                result = self.data["results"][scenario + "/" + name]
                start, middle, end = (left + min(result[k] / full, 1) * width for k in ("p10_ms", "median_ms", "p90_ms"))
                yield '<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>' % (
                    left, y + 1, middle - left, bar - 2, self.colour(name))
                yield '<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="black"/>' % (
                    start, y + bar / 2, end, y + bar / 2)
                yield '<text x="%.1f" y="%d">%.2f</text>' % (max(middle, end) + 4, y + bar - 2, result["median_ms"])
                y += bar
            y += gap
        yield "</svg>"


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


def main():
    work, output = sys.argv[1:]
    data = read(work)
    report = Report(data)
    report.print()
    with open(output + "/bench.json", "w", encoding="utf-8") as file:
        json.dump({key: data[key] for key in ("settings", "titles", "results", "counts")}, file, indent=1)
        file.write("\n")
    with open(output + "/bench.svg", "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in report.svg())
    return 1 if any(r["failure"] for name, r in data["results"].items() if name.endswith("/ocirun")) else 0


if __name__ == "__main__":
    sys.exit(main())
