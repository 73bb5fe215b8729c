"""What README.md shows is what happens."""

import doctest
import math
import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")


class RoundingChecker(doctest.OutputChecker):
    """Take numbers for equal that differ by rounding: exp and log are the platform's own."""

    def check_output(self, want, got, optionflags):
        numbers = zip(NUMBER.findall(want), NUMBER.findall(got), strict=False)
        return super().check_output(
            NUMBER.sub("#", want), NUMBER.sub("#", got), optionflags
        ) and all(math.isclose(float(a), float(b), rel_tol=1e-14) for a, b in numbers)


def test_every_example_of_the_readme_runs_as_printed():
    examples = doctest.DocTestParser().get_doctest(
        README.read_text(), {"__name__": "__main__"}, README.name, str(README), 0
    )
    failed, tried = doctest.DocTestRunner(checker=RoundingChecker()).run(examples)
    assert tried > 10
    assert failed == 0


def test_the_checker_still_sees_a_wrong_number():
    checker = RoundingChecker()
    assert checker.check_output("Vector(0.1)\n", "Vector(0.10000000000000002)\n", 0)
    assert not checker.check_output("Vector(0.1)\n", "Vector(0.1001)\n", 0)
    assert not checker.check_output("Vector(0.1)\n", "Vector([0.1, 0.2])\n", 0)


def test_every_file_the_readme_links_to_is_there():
    targets = [part.split(")")[0] for part in README.read_text().split("](")[1:]]
    local = [target for target in targets if "://" not in target]
    assert local
    for target in local:
        assert (README.parent / target).exists(), target
