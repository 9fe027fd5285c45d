"""Runs asyncpg's own tests (unittest) and prints the markers that test-output.ts reads: each class, and its tests within it.

usage: run.py TESTS_PARENT_DIRECTORY [--without CLASS]... [--only CLASS]... MODULE...
"""
import sys
import time
import unittest

SYN = "\x16"


class Markers(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test)
        self.status, self.began = "PASS", time.monotonic()
        print(f"{SYN}=== RUN   {name(test)}", flush=True)

    def stopTest(self, test):
        super().stopTest(test)
        print(f"{SYN}--- {self.status}: {name(test)} ({time.monotonic() - self.began:.2f}s)", flush=True)

    def told(self, status, test, text):
        # What goes wrong around the tests, as in setUpClass, is told of the class.
        if isinstance(test, unittest.TestCase):
            self.status = status
        print(text, flush=True)

    def addError(self, test, err):
        self.errors.append((test, ""))
        self.told("FAIL", test, self._exc_info_to_string(err, test))

    def addFailure(self, test, err):
        self.addError(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.told("FAIL", test, f"{subtest}: {self._exc_info_to_string(err, test)}")

    def addSkip(self, test, reason):
        self.told("SKIP", test, reason)

    def addUnexpectedSuccess(self, test):
        self.told("FAIL", test, "unexpected success")


def name(test):
    kind, _, method = test.id().removeprefix("tests.").rpartition(".")
    return f"{kind}/{method}"


def each(suite):
    for entry in suite:
        if isinstance(entry, unittest.TestSuite):
            yield from each(entry)
        else:
            yield entry


directory, *arguments = sys.argv[1:]
sys.path.insert(0, directory)
without, only, modules = set(), set(), []
while arguments:
    argument = arguments.pop(0)
    if argument in ("--without", "--only"):
        (without if argument == "--without" else only).add(arguments.pop(0))
    else:
        modules.append(argument)
classes = {}
for test in each(unittest.defaultTestLoader.loadTestsFromNames([f"tests.{module}" for module in modules])):
    classes.setdefault(name(test).split("/")[0], []).append(test)
for kind, tests in classes.items():
    if kind in without or (only and kind not in only):
        continue
    began, result = time.monotonic(), Markers()
    print(f"{SYN}=== RUN   {kind}", flush=True)
    unittest.TestSuite(tests).run(result)
    print(f"{SYN}--- {'FAIL' if result.errors else 'PASS'}: {kind} ({time.monotonic() - began:.2f}s)", flush=True)
