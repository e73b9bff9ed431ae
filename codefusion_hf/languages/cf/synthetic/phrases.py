# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The wording of invented sentences ([`~codefusion_hf.languages.cf.synthetic.sentences`]): operators, frames, politeness,
colours, ranges, numbers in words, and typos. The kinds of wording are those of the published training split of CF
rules.

In these lists, a phrase that stands twice is drawn twice as often, and `|` separates its forms.
`{v}` and `{w}` stand for values, `{n}` for a count, `{p}` for per cent, `{c}` for a column, `{e}` for rows, `{k}` for
a colour, `{a}` for what to do, `{o}` for what to format and `{x}` for a formatting.
"""

import random
import re


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split(";"))


def _forms(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(form.strip() for form in phrase.split("|")) for phrase in _phrases(text))


# What follows "is" or "are", by the rule that it makes. `{v}` is the value.
COMPARISONS = {
    "GreaterThan": _phrases(
        """
        greater than {v}; greater than {v}; more than {v}; over {v}; above {v}; higher than {v}; larger than {v};
        bigger than {v}; exceeding {v}; > {v}; >{v}; in excess of {v}; grater than {v}; beyond {v}
        """
    ),
    "LessThan": _phrases(
        """
        less than {v}; less than {v}; below {v}; under {v}; lower than {v}; smaller than {v}; fewer than {v}; < {v};
        <{v}; lesser than {v}; less then {v}; beneath {v}
        """
    ),
    "GreaterThanEqual": _phrases(
        """
        at least {v}; greater than or equal to {v}; {v} or more; {v} or higher; {v} or above; >= {v}; >={v};
        no less than {v}; not less than {v}; more than or equal to {v}; equal to or greater than {v}; {v} and above;
        a minimum of {v}; {v} and up; not below {v}; equal or above {v}
        """
    ),
    "LessThanEqual": _phrases(
        """
        at most {v}; less than or equal to {v}; {v} or less; {v} or lower; {v} or below; <= {v}; <={v};
        no more than {v}; not more than {v}; up to {v}; equal to or less than {v}; {v} and below; a maximum of {v};
        {v} or fewer; not above {v}; not exceeding {v}
        """
    ),
    "Equals": _phrases(
        """
        {v}; equal to {v}; equal to {v}; = {v}; exactly {v}; equals {v}; the same as {v}; =={v}; ={v}
        """
    ),
    "NotEquals": _phrases(
        """
        not {v}; not equal to {v}; different from {v}; other than {v}; != {v}; <> {v}; anything but {v};
        not exactly {v}; unequal to {v}
        """
    ),
    "Between": _phrases(
        """
        between {v} and {w}; between {v} and {w}; from {v} to {w}; between {v} to {w}; in the range {v} to {w};
        within {v} and {w}; in the range of {v} - {w}; {v} to {w}; between {v}-{w}; ranging from {v} to {w};
        btw {v} and {w}
        """
    ),
    "NotBetween": _phrases(
        """
        not between {v} and {w}; outside {v} to {w}; not in the range {v} to {w}; outside of {v} and {w};
        outside the range {v} - {w}
        """
    ),
}
DATE_COMPARISONS = {
    "GreaterThan": _phrases(
        """
        after {v}; after {v}; later than {v}; past {v}; more recent than {v}
        """
    ),
    "LessThan": _phrases(
        """
        before {v}; before {v}; earlier than {v}; prior to {v}; older than {v}
        """
    ),
    "GreaterThanEqual": _phrases(
        """
        on or after {v}; from {v} on; {v} or later; since {v}; not before {v}
        """
    ),
    "LessThanEqual": _phrases(
        """
        on or before {v}; until {v}; {v} or earlier; not after {v}; no later than {v}
        """
    ),
    "Equals": _phrases(
        """
        {v}; on {v}; equal to {v}; dated {v}
        """
    ),
    "Between": _phrases(
        """
        between {v} and {w}; from {v} to {w}; between {v} to {w}; from {v} until {w}
        """
    ),
}
TEXT_COMPARISONS = {
    "TextEquals": _phrases(
        """
        {v}; {v}; equal to {v}; exactly {v}; = {v}; the same as {v}; set to {v}; equals to {v}; =={v}; ={v}
        """
    ),
    "NotTextEquals": _phrases(
        """
        not {v}; not equal to {v}; other than {v}; different from {v}; anything but {v}; != {v}; <> {v}
        """
    ),
}
# Verbs as (they ..., it ..., ...ing).
TEXT_VERBS = {
    "TextContains": _forms(
        """
        contain {v} | contains {v} | containing {v}; contain {v} | contains {v} | containing {v};
        include {v} | includes {v} | including {v}; have {v} in them | has {v} in it | with {v} in it;
        contain the word {v} | contains the word {v} | containing the word {v};
        contain the text {v} | contains the text {v} | with the text {v}; have {v} | has {v} | having {v};
        mention {v} | mentions {v} | mentioning {v}; have text {v} | has text {v} | having text {v}
        """
    ),
    "NotTextContains": _forms(
        """
        do not contain {v} | does not contain {v} | not containing {v};
        don't contain {v} | doesn't contain {v} | without {v};
        do not include {v} | does not include {v} | not including {v};
        do not have {v} in them | does not have {v} in it | without the text {v}; lack {v} | lacks {v} | lacking {v}
        """
    ),
    "TextStartsWith": _forms(
        """
        start with {v} | starts with {v} | starting with {v}; start with {v} | starts with {v} | starting with {v};
        begin with {v} | begins with {v} | beginning with {v};
        start with letter {v} | starts with the letters {v} | starting with letter {v};
        have the prefix {v} | has prefix {v} | with prefix {v}
        """
    ),
    "NotTextStartsWith": _forms(
        """
        do not start with {v} | does not start with {v} | not starting with {v};
        don't begin with {v} | doesn't begin with {v} | not beginning with {v}
        """
    ),
    "TextEndsWith": _forms(
        """
        end with {v} | ends with {v} | ending with {v}; end in {v} | ends in {v} | ending in {v};
        finish with {v} | finishes with {v} | finishing with {v};
        have the suffix {v} | has suffix {v} | with suffix {v}
        """
    ),
    "NotTextEndsWith": _forms(
        """
        do not end with {v} | does not end with {v} | not ending with {v};
        don't end in {v} | doesn't end in {v} | not ending in {v}
        """
    ),
    "Blanks": _forms(
        """
        are blank | is blank | blank; are empty | is empty | empty; are missing | is missing | missing;
        have no value | has no value | without a value; contain nothing | is not filled in | with nothing in it
        """
    ),
    "NotBlanks": _forms(
        """
        are not blank | is not blank | not blank; are not empty | is not empty | non-empty;
        are filled in | is filled | filled; have a value | has a value | with any value;
        are non blank | is non blank | non blank
        """
    ),
    "Errors": _forms(
        """
        are errors | is an error | with errors; contain errors | contains an error | containing errors;
        have an error | has an error | having an error; show an error | shows an error | in error
        """
    ),
    "NotErrors": _forms(
        """
        are not errors | is not an error | without errors;
        do not contain errors | does not contain an error | free of errors
        """
    ),
    "Duplicates": _forms(
        """
        are duplicates | is duplicated | duplicated; are duplicated | is a duplicate | with duplicates;
        are repeated | is repeated | repeated;
        occur more than once | occurs more than once | occurring more than once;
        appear twice | appears more than one time | appearing more than once;
        have duplicates | has duplicate values | having duplicate values; are not unique | is not unique | not unique
        """
    ),
    "Unique": _forms(
        """
        are unique | is unique | unique; occur only once | occurs only once | occurring once;
        are not repeated | is not repeated | without repetition;
        appear just once | appears just once | appearing only once;
        have no duplicate | has no duplicate | with no duplicates; are distinct | is distinct | distinct
        """
    ),
    "AboveAverage": _forms(
        """
        are above average | is above average | above average;
        are above the average | is above the average | above the average;
        are greater than the average | is greater than average | higher than average;
        are better than average | is over the mean | above the mean;
        exceed the average | exceeds the average | exceeding the average
        """
    ),
    "BelowAverage": _forms(
        """
        are below average | is below average | below average;
        are below the average | is below the average | below the average;
        are less than the average | is less than average | lower than average;
        are under the average | is under the mean | below the mean
        """
    ),
}

# Of whole columns. `{c}` is the column, `{o}` words like "values of column x", or nothing.
SET_PHRASES = {
    "Top": _phrases(
        """
        top {n} {o}; top {n} {o}; the top {n} {o}; highest {n} {o}; {n} highest {o}; the {n} largest {o};
        {n} biggest {o}; maximum {n} {o}; greatest {n} {o}; the best {n} {o}; {n} top {o}; the {n} highest {o};
        top {n} items of {o}; the first {n} largest {o}
        """
    ),
    "Top1": _phrases(
        """
        highest {o}; the highest {o}; maximum {o}; the max {o}; largest {o}; the biggest {o}; top 1 {o}; max {o};
        the greatest {o}; top1 {o}; the maximum value of {o}
        """
    ),
    "Top10": _phrases(
        """
        top {o}; the top {o}; topItems of {o}; best {o}
        """
    ),
    "Bottom": _phrases(
        """
        bottom {n} {o}; bottom {n} {o}; the bottom {n} {o}; lowest {n} {o}; {n} lowest {o}; the {n} smallest {o};
        {n} least {o}; minimum {n} {o}; the worst {n} {o}; {n} bottom {o}; the {n} lowest {o}; bottom {n} items of {o}
        """
    ),
    "Bottom1": _phrases(
        """
        lowest {o}; the lowest {o}; minimum {o}; the min {o}; smallest {o}; the least {o}; bottom 1 {o}; min {o};
        the minimum value of {o}
        """
    ),
    "Bottom10": _phrases(
        """
        bottom {o}; the bottom {o}; bottomItems of {o}; worst {o}
        """
    ),
    "TopPercent": _phrases(
        """
        top {p} {o}; top {p} {o}; the top {p} of {o}; highest {p} {o}; the best {p} of {o}; the {p} highest {o};
        upper {p} of {o}; topPercent {p} {o}; the largest {p} of {o}
        """
    ),
    "BottomPercent": _phrases(
        """
        bottom {p} {o}; bottom {p} {o}; the bottom {p} of {o}; lowest {p} {o}; the worst {p} of {o};
        the {p} lowest {o}; lower {p} of {o}; bottomPercent {p} {o}; the smallest {p} of {o}
        """
    ),
}
VISUALS = {
    "ColorScale": _phrases(
        """
        color scale; colour scale; color scales; a color scale; a 3 color scale; 2-color scale; 3-color scale;
        color gradient; a gradient of colors; Green-White-Red color scale; green-yellow-red color scale;
        Red-White-Green color Scales; blue-white color scale; the Green- White- Red color scale; heat map; a heatmap;
        color scheme; the color scale; two color scale; white to red gradient; a colour scale from low to high
        """
    ),
    "DataBar": _phrases(
        """
        data bars; data bar; a data bar; Data Bars; DATA BAR; databar; gradient fill data bars; blue data bars;
        solid data bars; green data bar; bars; data bar chart; bar chart in the cells; a bar for each value;
        progress bars
        """
    ),
    "IconSet": _phrases(
        """
        icon set; an icon set; icon sets; Icon Sets; 3 arrows icon set; the icon sets with 5 arrows;
        directional icon set; traffic light icons; iconset; 3 traffic lights; icons; flags icon set; arrows;
        5 icon set; rating stars; icon set with 4 arrows; directional icons; icon symbols; check mark icons
        """
    ),
}
VISUAL_FRAMES = _phrases(
    """
    apply {x} to {o}; apply {x} to {o}; apply {x} in {o}; apply {x} on {o}; add {x} to {o}; add {x} for {o};
    use {x} for {o}; insert {x} for {o}; show {o} with {x}; create {x} for {o}; format {o} with {x};
    apply conditional formatting of {x} for {o}; apply conditional formatting {x} on {o}; put {x} on {o}; {x} for {o};
    {x} on {o}; in {o} apply {x}; set {x} on {o}; I want {x} in {o}; color {o} using {x}; change {x} of {o};
    visualise {o} as {x}; give {o} {x}; {o} {x}
    """
)
COLOR_SCALE_SENTENCES = _phrases(
    """
    color {o} from low to high; apply higher to lower on {o}; shade {o} from lowest to highest; color {o} by value;
    colour {o} according to their value; change color of {o} from red to green depending on the value;
    highlight top to bottom color in {o}; color cells of {o} from red to green; color {o} gradually
    """
)

VERBS = _phrases(
    """
    highlight; highlight; highlight; highlight; color; color; colour; mark; format; style; select; shade; find; show;
    identify; flag; emphasize; paint; fill; show me; point out; tag; bold; display; pick out;
    Apply conditional formatting to; apply conditional formatting to highlight; apply color to; apply formatting to;
    use conditional formatting to highlight; apply conditional formatting and find; find out; heighlight;
    change the color of; make bold; underline; list; get
    """
)
COLORED_VERBS = _phrases(
    """
    apply {k} color to; apply {k} to; make {k}; highlight in {k}; mark {k}; color {k}; apply {k} fill to; fill {k};
    change background to {k} for; set font color {k} for; give a {k} background to
    """
)
COLORS = _phrases(
    """
    red; green; yellow; blue; orange; light red; dark green; pink; purple; Red; Yellow; Green; grey; yello;
    light green; bold red; cyan
    """
)
# Behind the sentence; they mean nothing to the rule.
ENDINGS = _phrases(
    """
    in {k}; with {k}; in {k} color; with {k} fill; and make them bold; in bold; with a {k} background; in {k} font;
    and color them {k}; using conditional formatting; by conditional formatting; to {k}; with {k} text; as {k};
    please; with conditional formatting; in the sheet; in the table; using {k} color; with a red border; for me; - {k}
    """
)
POLITE = _phrases(
    """
    please; can you; could you please; I want to; I'd like to; I need to; how do I; how to; help me; let's;
    i would like you to; we need to; kindly; how can i; want to; need to; pls
    """
)
CELL_NOUNS = _phrases(
    """
    cells; cells; values; values; the cells; the values; all cells; all values; cell; value; all the cells; entries;
    data; any cells; fields; every cell; everything; items; those
    """
)
ROW_NOUNS = _phrases(
    """
    rows; the rows; all rows; records; entries; all entries; the records; lines; entire rows; every row; the whole row
    """
)
# Between a noun and a comparison of the cell itself, and the form that follows: `are` what is behind "are", `they`,
# `it` and `ing` a verb.
CELL_LINKS = _forms(
    """
    that are {} | are; that are {} | are; which are {} | are; {} | ing; {} | ing; with value {} | is;
    with a value {} | is; that have a value {} | is; that have value {} | is; whose value is {} | is;
    having value {} | is; where value is {} | is; where the value is {} | is; if the value is {} | is;
    if they are {} | are; with values {} | is; who are {} | are; if value is {} | is; that is {} | is;
    where value {} | is; for values {} | is; when the value is {} | is; which is {} | is
    """
)
VERB_LINKS = _forms(
    """
    that {} | they; that {} | they; which {} | they; {} | ing; {} | ing; if it {} | it; whose value {} | it;
    where the value {} | it; if they {} | they; which {} | it; when the text {} | it
    """
)
# The same, where the column is named: `{c}`.
COLUMN_LINKS = _forms(
    """
    whose {c} is {} | is; where {c} is {} | is; where the {c} is {} | is; with {c} {} | is; with a {c} {} | is;
    with {c} {} | is; that have {c} {} | is; having {c} {} | is; if {c} is {} | is; if the {c} is {} | is;
    when {c} is {} | is; for which {c} is {} | is; where {c} {} | is; that have a {c} {} | is; with the {c} {} | is;
    in which the {c} is {} | is; where their {c} is {} | is; which have a {c} of {} | is; with a {c} of {} | is;
    with {c} = {} | value; where {c}={} | value; where {c} value is {} | is; where value in {c} is {} | is;
    with {c} as {} | value
    """
)
COLUMN_VERB_LINKS = _forms(
    """
    whose {c} {} | it; where {c} {} | it; where the {c} {} | it; if {c} {} | it; with {c} {} | ing;
    with a {c} {} | ing; when {c} {} | it; for which the {c} {} | it; having {c} {} | ing; in which {c} {} | it
    """
)
# Whole sentences around a column and what its cells have to be.
COLUMN_SENTENCES = _forms(
    """
    {c} {} | is; {c} is {} | is; {c} should be {} | is; for {c} {a} if value is {} | is;
    {a} to {c} where value is {} | is; in {c} highlight values {} | ing; in {c}, mark cells that are {} | are;
    {a} where {c} is {} | is; {a} to {c} {} | ing; if {c} is {} then {a} | is; when {c} is {}, {a} | is;
    for {c} {a} to {} | ing; find {c} {} | ing; which {e} have {c} {} | is;
    apply conditional formatting on {c}, {} | ing; color the {c} column where it is {} | is; in {c}, find {} | ing;
    look for {c} {} | ing; are there any {c} {} | ing; change color of {c} if {} | ing; highlight {c} {} | ing;
    mark {c} {} | ing; highlight {c} which is {} | is; show only {c} {} | ing
    """
)
COLUMN_VERB_SENTENCES = _forms(
    """
    {c} {} | it; {c} {} | ing; {a} if {c} {} | it; in {c} highlight values {} | ing;
    in {c}, mark cells that {} | they; {a} where {c} {} | it; if {c} {} then {a} | it; when {c} {}, {a} | it;
    find {c} {} | ing; {a} to {c} {} | ing; highlight {c} that {} | they; which {e} have a {c} {} | ing;
    in {c}, find what {} | it; show {c} that {} | they; {c}: {} | ing
    """
)
ACTIONS = _phrases(
    """
    make it {k}; color it {k}; apply {k} color; highlight; highlight it; change color; make {k} color;
    turn the cell {k}; mark it; make the cell {k}; apply conditional formatting; change the background color to {k};
    apply {k}; use {k} fill; color the cell; format the cell; flag it; color the row {k}
    """
)
OPERATOR_NAMES = {
    "GreaterThan": "greaterThan",
    "LessThan": "lessThan",
    "Equals": "equalTo",
    "TextEquals": "equalTo",
    "TextContains": "containsText",
    "TextStartsWith": "beginsWith",
    "TextEndsWith": "endsWith",
    "NotEquals": "notEqualTo",
    "GreaterThanEqual": "greaterThanOrEqual",
    "LessThanEqual": "lessThanOrEqual",
}

SMALL_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split()
TENS = {20: "twenty", 25: "twenty five", 30: "thirty", 40: "forty", 50: "fifty", 100: "a hundred", 1000: "a thousand"}
ORDINALS = "first second third fourth fifth sixth seventh eighth".split()
MONTHS = "January February March April May June July August September October November December".split()


def invent_range(generator: random.Random, letter: str) -> str:
    """A range of cells as people write them, such as `from cell B2 to B52`."""
    first = generator.randint(1, 12)
    last = first + generator.randint(3, 150)
    start, end = f"{letter}{first}", f"{letter}{last}"
    return generator.choice(
        (
            f"from cell {start} to {end}",
            f"from {start} to {end}",
            f"in cell {start}-{end}",
            f"for range {start}:{end}",
            f"from range {start}:{end}",
            f"on cell range {start}:{end}",
            f"for cell {start}-{end}",
            f"{start}:{end}",
            f"from cells {start} - {end}",
            f"on range {start}:{end}",
            f"in range {start}:{end}",
            f"of cell {start}-{end}",
        )
    )


def add_typos(generator: random.Random, text: str, probability: float) -> str:
    """
    Misspells some words: two letters swapped, one left out, doubled or hit twice.

    Args:
        generator (`random.Random`):
            Where the choices come from.
        text (`str`):
            The text; words with anything but small ASCII letters stay as they are.
        probability (`float`):
            Chance of each word of 4 letters or more.

    Returns:
        `str`: the text.
    """

    def misspell(match: re.Match[str]) -> str:
        word = match[0]
        if generator.random() >= probability:
            return word
        at = generator.randint(1, len(word) - 2)
        return generator.choice(
            (
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
            )
        )

    return re.sub(r"(?<![\w\ue000-\uf8ff])[a-z]{4,}(?![\w\ue000-\uf8ff])", misspell, text)
