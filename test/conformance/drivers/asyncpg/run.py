"""Runs asyncpg's own tests (unittest) and prints the markers that test-output.ts reads.

usage: run.py TESTS_PARENT_DIRECTORY [--without ID]... [--only ID]... MODULE...
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
        # Errors of setUpClass come without a test.
        if not isinstance(test, (unittest.TestCase,)):
            print(f"{test}: {text}", flush=True)
            return
        self.status = status
        print(text, flush=True)

    def addError(self, test, err):
        self.told("FAIL", test, self._exc_info_to_string(err, test))

    addFailure = addError

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.told("FAIL", test, f"{subtest}: {self._exc_info_to_string(err, test)}")

    def addSkip(self, test, reason):
        self.told("SKIP", test, reason)

    def addUnexpectedSuccess(self, test):
        self.told("FAIL", test, "unexpected success")


def name(test):
    return test.id().removeprefix("tests.")


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
tests = unittest.defaultTestLoader.loadTestsFromNames([f"tests.{module}" for module in modules])
chosen = unittest.TestSuite(test for test in each(tests) if name(test) not in without and (not only or name(test) in only))
chosen.run(Markers())
