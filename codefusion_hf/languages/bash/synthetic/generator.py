# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Invented pairs of a sentence and a Bash command, without end.

How often each family is drawn is the `weight` of its file in `catalogue/`, and `FIND_WEIGHT` for `find`: of the
commands of NL2Bash's training split, a bit more than half begin with `find`. The families' weights follow the counts
of the first utilities there.
"""

import random
from collections.abc import Iterator

from codefusion_hf.languages.bash.synthetic.catalogue import Catalogue, Entry, load_catalogue
from codefusion_hf.languages.bash.synthetic.choices import Code
from codefusion_hf.languages.bash.synthetic.phrases import Draw
from codefusion_hf.languages.bash.synthetic.sentences import Sentence
from codefusion_hf.languages.bash.synthetic.styles import finish
from codefusion_hf.languages.bash.synthetic.wrappers import Wrappers


FIND_WEIGHT = 1380.0
# Of pipelines that do not begin with `find`, besides those that the families' own commands begin.
PIPELINE_WEIGHT = 230.0
# How often the output of a command that can be read by others is, and then by a second and a third one.
PIPED = 0.3
PIPED_AGAIN = 0.35
# How often names of files are piped into a command for the files.
ACTED_ON = 0.2


class Generator:
    """
    Draws pairs.

    Args:
        catalogue ([`Catalogue`]):
            What is known about commands.
        seed (`int`, *optional*, defaults to 0):
            The same seed gives the same pairs.
    """

    def __init__(self, catalogue: Catalogue, seed: int = 0):
        self.catalogue = catalogue
        self.random = random.Random(f"bash {seed}")
        self.wrappers = Wrappers(catalogue)
        names = [*catalogue.families, "find", "pipeline"]
        weights = [*(family.weight for family in catalogue.families), FIND_WEIGHT, PIPELINE_WEIGHT]
        codes: list[Code] = [
            tuple(source for entry in family.entries.options for source in entry.sources)
            for family in catalogue.families
        ]
        codes += ["find", frozenset("|")]
        choices = catalogue.choices
        self.families = choices.weighted(names, weights, codes, are_heads=True)
        self.is_piped = choices.chance(PIPED, frozenset("|"))
        self.is_acted_on = choices.chance(ACTED_ON, "x | xargs")
        self.is_piped_again = choices.chance(PIPED_AGAIN, frozenset("|"))
        self._last = Draw(self.random, catalogue.kinds, catalogue.phrases)

    def draw(self) -> tuple[str, str, Draw]:
        """
        Draw a pair.

        Returns:
            `tuple[str, str, Draw]`: the sentence, the command, and what was drawn for them.
        """
        draw = Draw(self.random, self.catalogue.kinds, self.catalogue.phrases)
        family = self.families.draw(draw.random)
        if family == "find":
            sentence = self.catalogue.find.draw(draw)
            root = 0.02
        elif family == "pipeline":
            sentence, root = self._draw_pipeline(draw), 0.0
        else:
            entry: Entry = family.entries.draw(draw.random)
            sentence = entry.draw(draw, self.catalogue.numbers)
            root = entry.root
            if entry.is_source and self.is_piped.draw(draw.random):
                self._pipe(draw, sentence)
        order, noun, front = self.wrappers.wrap(draw, sentence, root)
        return finish(draw, order, noun, front), sentence.code, draw

    def _draw_pipeline(self, draw: Draw) -> Sentence:
        entry: Entry = self.catalogue.sources.draw(draw.random)
        sentence = entry.draw(draw, self.catalogue.numbers)
        for _ in range(8):
            if self._pipe(draw, sentence):
                break
        return sentence

    def _pipe(self, draw: Draw, sentence: Sentence) -> bool:
        if sentence.output == "files" and self.is_acted_on.draw(draw.random):
            if draw.chance(0.4):
                self.catalogue.filters.narrow_names(draw, sentence)
            return self.catalogue.find.act(draw, sentence)
        if not self.catalogue.filters.apply(draw, sentence):
            return False
        for _ in range(2):
            if not self.is_piped_again.draw(draw.random) or not self.catalogue.filters.apply(draw, sentence):
                break
        return True


def generate_pairs(seed: int = 0) -> Iterator[dict[str, str]]:
    """
    Invents pairs without end.

    Args:
        seed (`int`, *optional*, defaults to 0):
            The same seed gives the same pairs, in any process.

    Returns:
        `Iterator[dict[str, str]]`: rows with `text`, the sentence, and `code`, the command. Some are the same.
    """
    generator = Generator(load_catalogue(), seed)
    while True:
        text, code, _ = generator.draw()
        yield {"text": text, "code": code}


__all__ = ["FIND_WEIGHT", "Generator", "generate_pairs"]
