# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Whether the generator can make a command of a given template, shown by one that it makes.

A sample of any size has but a part of what the generator can say: most templates of people's commands occur once, and
so do most of a generator's. So a derivation is looked for. All choices are narrowed to what the template has room for
(see `choices.py`), and pairs are drawn until one has it. What is found is a pair that the generator draws too, however
rarely, so no template counts that it cannot make; one that is not found in so many attempts may still be missed.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from codefusion_hf.languages.bash.synthetic.catalogue import Catalogue, load_files
from codefusion_hf.languages.bash.synthetic.choices import NothingFits
from codefusion_hf.languages.bash.synthetic.generator import Generator
from codefusion_hf.languages.bash.templates import bash_template
from codefusion_hf.languages.coverage import Coverage, count_coverage


ATTEMPTS = 600
# What a command may begin with that is put around another one.
AROUND = frozenset(
    """
    ( { [ [[ ! alias cd comm diff cat paste join sort echo export for if while until nohup sleep ssh sudo timeout watch
    yes
    """.split()
)

# Words of a template that stand in a command as they are: utilities, tests and actions of `find`, long options.
_PLAIN = re.compile(r"-{0,2}[a-z][A-Za-z0-9_.-]{2,}")
_VALUES = re.compile(r"""'[^'"$`{}\\;|&()<>]*'|"[^'"$`{}\\;|&()<>]*\"""")
_WORD = re.compile(r"(?<=[ =])(?:\.{0,2}/[A-Za-z0-9_./-]+|[a-z_]+\.[a-z0-9]+|\d+)(?=[ |;)]|$)")


class Derivations:
    """
    Looks for derivations.

    Args:
        seed (`int`, *optional*, defaults to 0):
            The same seed draws the same pairs.
        attempts (`int`, *optional*, defaults to 600):
            How many pairs are drawn for a template before it counts as missing.
    """

    def __init__(self, seed: int = 0, attempts: int = ATTEMPTS):
        # The catalogue is narrowed in place, so it is not the one that others use.
        self.catalogue = Catalogue(load_files())
        self.generator = Generator(self.catalogue, seed)
        self.attempts = attempts

    def find(self, template: str) -> tuple[str, str] | None:
        """
        Look for a pair whose command has a template.

        Args:
            template (`str`):
                The template, as of [`~codefusion_hf.languages.bash.templates.bash_template`].

        Returns:
            `tuple[str, str]`: a sentence and a command of this template; none if none was found.
        """
        words = template.split()
        plain = [word for word in set(words) if _PLAIN.fullmatch(word)]
        pipes = words.count("|")
        head = "" if "=" in words[0] or words[0] in AROUND else words[0]
        self.catalogue.choices.narrow(frozenset(words), head)
        tried: set[str] = set()
        for _ in range(self.attempts):
            try:
                text, code, _ = self.generator.draw()
            except NothingFits:
                continue
            if code.count(" | ") < pipes or any(word not in code for word in plain):
                continue
            kind = _WORD.sub("x", _VALUES.sub("'x'", code))
            if kind not in tried:
                tried.add(kind)
                if bash_template(code) == template:
                    return text, code
        return None

    def find_all(self, templates: Iterable[str]) -> Iterator[tuple[str, tuple[str, str] | None]]:
        """
        Look for a pair for each of some templates.

        Args:
            templates (`Iterable[str]`):
                The templates.

        Returns:
            `Iterator[tuple[str, tuple[str, str] | None]]`: each template with what was found for it.
        """
        for template in templates:
            yield template, self.find(template)


def measure_derivable(
    references: Sequence[str], known: Iterable[str] = (), seed: int = 0, attempts: int = ATTEMPTS
) -> Coverage:
    """
    Measure which templates of some commands the generator can make.

    Args:
        references (`Sequence[str]`):
            The commands, one or more.
        known (`Iterable[str]`, *optional*):
            Templates that it is known to make.
        seed (`int`, *optional*, defaults to 0):
            As of [`Derivations`].
        attempts (`int`, *optional*, defaults to 600):
            As of [`Derivations`].

    Returns:
        [`~codefusion_hf.languages.coverage.Coverage`]: the templates.

    Raises:
        ValueError: if there are no references.
    """
    wanted = Counter(map(bash_template, references))
    made = set(known)
    derivations = Derivations(seed, attempts)
    made |= {template for template, pair in derivations.find_all(sorted(set(wanted) - made)) if pair is not None}
    return count_coverage("templates", wanted, made)


__all__ = ["ATTEMPTS", "Derivations", "measure_derivable"]
