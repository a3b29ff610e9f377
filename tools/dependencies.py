#!/usr/bin/env python3
"""What the programs and the pages are made of besides this repository: versions, licences, known holes.

usage: tools/dependencies.py [--programs DIR] [--debian-feed FILE] [--npm-feed FILE] [--json]

Lists every Debian package whose library a program loads, and every npm package of the lock file. Ends with 1 when a
licence is none of those we accept, or when a hole is known for which there is a repair that is not installed.

Known holes are looked for in files that whoever runs this has fetched, since a build may have no network; without
them the last lines say what was not looked at:
  --debian-feed  https://security-tracker.debian.org/tracker/data/json
  --npm-feed     what `npm audit --json` printed in web/
"""

import argparse
import functools
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAMS = ("escuchad", "escucha-media", "escuchactl", "escucha-sim")
SUITE = "bookworm"

# As SPDX has them. Of copyleft: the LGPL for libraries that are linked at run time, MPL-2.0, whose files we leave as they
# are, and GCC's run-time library with its exception.
ACCEPTED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "GCC-exception-3.1", "ISC", "LGPL-2.0-or-later", "LGPL-2.1-only",
    "LGPL-2.1-or-later", "LGPL-3.0-or-later", "MIT", "MPL-2.0", "OLDAP-2.8", "PostgreSQL", "Python-2.0", "Unlicense", "Zlib", "blessing", "bzip2-1.0.6", "curl", "libtiff",
}

# Debian's copyright files in their own words.
SPDX = {
    "Expat": "MIT", "Expat with embedded exception": "MIT", "BSD-3-clause": "BSD-3-Clause", "BSD3": "BSD-3-Clause", "BSD-2-clause": "BSD-2-Clause",
    "LGPL-2+": "LGPL-2.0-or-later", "LGPL-2.1": "LGPL-2.1-only", "LGPL-2.1+": "LGPL-2.1-or-later", "LGPL-3+": "LGPL-3.0-or-later",
    "OpenLDAP-2.8": "OLDAP-2.8", "public-domain": "blessing", "PD": "0BSD",
}

# What Debian's copyright file says to people only, of the library and not of the programs beside it. By source package.
READ_BY_HAND = {
    "acl": "LGPL-2.1-or-later", "bzip2": "bzip2-1.0.6", "libxml2": "MIT",
    "c-ares": "MIT", "e2fsprogs": "MIT", "gcc-12": "GCC-exception-3.1", "glibc": "LGPL-2.1-or-later", "gnutls28": "LGPL-2.1-or-later",
    "keyutils": "LGPL-2.1-or-later", "krb5": "MIT", "libidn2": "LGPL-3.0-or-later", "libjpeg-turbo": "BSD-3-Clause", "libtasn1-6": "LGPL-2.1-or-later",
    "libwebp": "BSD-3-Clause", "rtmpdump": "LGPL-2.1-or-later", "spandsp": "LGPL-2.1-only", "tiff": "libtiff",
}

# Accepted for what they are to us, though not by their licence.
EXCUSED = {
    "cyrus-sasl2": "BSD with an advertising clause; loaded by libldap, which libpq and libcurl load",
    "jbigkit": "GPL; loaded by libtiff, which libspandsp loads; nothing of ours calls it, and Debian ships it",
}


def output(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def libraries(folder):
    """The files that the dynamic linker loads for the programs of a build."""
    found = set()
    for program in PROGRAMS:
        path = os.path.join(folder, program)
        if not os.path.exists(path):
            sys.exit(f"{path} is missing: build first")
        found |= set(re.findall(r"=> (/\S+)", output("ldd", path)))
    return sorted(os.path.realpath(path) for path in found)


@functools.cache
def owner(path):
    """The package of a file; on a merged /usr dpkg may know it by the other name."""
    for name in (path, path.removeprefix("/usr"), "/usr" + path):
        done = subprocess.run(["dpkg-query", "--search", name], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.split(": ")[0]
    sys.exit(f"{path} belongs to no package")


def debian_packages(folder):
    for name in sorted({owner(path) for path in libraries(folder)}):
        version, source, source_version = output(
            "dpkg-query", "--show", "--showformat", "${Version}\n${source:Package}\n${source:Version}", name).split("\n")
        yield {"name": name.split(":")[0], "version": version, "source": source, "source_version": source_version,
               "licence": READ_BY_HAND.get(source) or licence_of(name.split(":")[0])}


def licence_of(package):
    """The short names in the paragraphs of a machine-readable copyright file that speak of files of the library."""
    try:
        with open(f"/usr/share/doc/{package}/copyright", encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return "unknown"
    if "packaging-manuals/copyright-format" not in text and "Format-Specification" not in text:
        return "unknown"
    names = set()
    for paragraph in re.split(r"\n\s*\n", text):
        files = re.search(r"^Files:\s*(.*(?:\n[ \t]+.*)*)", paragraph, re.MULTILINE)
        licence = re.search(r"^License:\s*(.+)$", paragraph, re.MULTILINE)
        if files and licence and "*" in files.group(1).split():
            names.add(licence.group(1).strip())
    return " and ".join(sorted(names)) or "unknown"


def is_accepted(licence):
    """"A and B" needs both, "A or B" one of them."""
    return all(
        any(SPDX.get(one.strip(" ()"), one.strip(" ()")) in ACCEPTED for one in re.split(r"\s+or\s+|\s+OR\s+", part))
        for part in re.split(r"\s+and\s+|\s+AND\s+", licence)
    )


def npm_packages():
    with open(os.path.join(ROOT, "web", "package-lock.json"), encoding="utf-8") as file:
        packages = json.load(file)["packages"]
    for path, about in sorted(packages.items()):
        if path:
            yield {"name": path.rpartition("node_modules/")[2], "version": about["version"], "licence": about.get("license", "unknown"),
                   "in_pages": not about.get("dev", False)}


def is_older(version, than):
    return subprocess.run(["dpkg", "--compare-versions", version, "lt", than], check=False).returncode == 0


def debian_holes(feed, packages):
    """(package, CVE, version with the repair or None) of those that Debian knows in what is installed."""
    for name, version in sorted({(each["source"], each["source_version"]) for each in packages}):
        for cve, about in sorted(feed.get(name, {}).items()):
            here = about.get("releases", {}).get(SUITE)
            if here is None or here.get("urgency") in ("unimportant", "end-of-life"):
                continue
            repaired = here.get("fixed_version") if here.get("status") == "resolved" else None
            if here.get("status") == "open" or (repaired not in (None, "0") and is_older(version, repaired)):
                yield name, cve, repaired


def npm_holes(feed):
    """The same of `npm audit --json`."""
    for name, about in sorted(feed.get("vulnerabilities", {}).items()):
        titles = [via["url"] for via in about.get("via", []) if isinstance(via, dict)]
        if titles:
            yield name, ", ".join(titles), "a later version" if about.get("fixAvailable") else None


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def examine(options):
    """(everything there is, what is wrong, what is only told)"""
    debian, npm = list(debian_packages(options.programs)), list(npm_packages())
    wrong = [f"{each['name']}: licence {each['licence']!r} is not one we accept"
             for each in debian + npm if not is_accepted(each["licence"]) and each.get("source") not in EXCUSED]
    told, holes = [], []
    if options.debian_feed:
        holes += debian_holes(read(options.debian_feed), debian)
    else:
        told.append(f"not looked at: known holes of {len(debian)} Debian packages (--debian-feed)")
    if options.npm_feed:
        holes += npm_holes(read(options.npm_feed))
    else:
        told.append(f"not looked at: known holes of {len(npm)} npm packages (--npm-feed)")
    for name, hole, repaired in holes:
        if repaired:
            wrong.append(f"{name}: {hole} is repaired in {repaired}")
        else:
            told.append(f"{name}: {hole}, no repair yet")
    return debian + npm, wrong, told


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--programs", default=os.path.join(ROOT, "build", "dev", "bin"), metavar="DIR")
    parser.add_argument("--debian-feed", metavar="FILE")
    parser.add_argument("--npm-feed", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="the list alone, for other programs")
    options = parser.parse_args()
    packages, wrong, told = examine(options)
    if options.json:
        print(json.dumps(packages, indent=1))
    else:
        for each in packages:
            print(f"{each['name']:40} {each['version']:32} {each['licence']}")
    print("\n".join(told + wrong), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
