"""Words that mean danger to life: the emergency line is given before anything else."""

import re

_BODY_ALARM = (
    r"(chest|cast|chess) (pains?|tightness|pressure)",
    r"(pain|pressure|tightness|tight feeling|crushing) (in|on|across) (my|his|her|the|their) chest",
    r"(my|his|her|their) chest (hurts|is tight|feels tight|is hurting|really hurts|aches)",
    r"chest (is|has been|keeps) (hurting|killing|aching|tight)|"
    r"pain (down|in) (my|his|her) left arm|"
    r"heart attack|cardiac arrest|no pulse",
    r"having a stroke|has had a stroke|had a stroke (just|now|today)|think its a stroke|a stroke$",
    r"(face|mouth) (is |has )?(\w+ )?(drooping|dropped|droops|gone numb)|"
    r"slurr(ed|ing) (speech|words)|(arm|leg|side) (is|has gone|went|feels) (weak|numb|dead)|"
    r"(cant|cannot) (see|speak|talk)\b.{0,30}(sudden|all of a sudden|any ?more)|"
    r"(sudden\w*|all of a sudden) .{0,20}(cant|cannot) (see|speak|talk)",
    r"(cant|cannot|can not|cant even|unable to|not able to|struggling to|hard to|trouble|"
    r"difficulty|hardly|barely|difficult to) (breathe|breath|breathing|catch my breath)",
    r"(not|stopped|isnt|no longer) breathing|gasping for (air|breath)|^(i )?can breathe$",
    r"chok(e|es|ing)\b|suffocat",
    r"turn(ed|ing) blue|lips are blue",
    r"unconscious|passed out|blacked out|collapsed|unresponsive|(not|isnt|stopped) responding|"
    r"wont wake( up)?|not waking up|"
    r"(cant|cannot) wake (him|her|them|my|up)|fainted",
    r"(so much|lots of|a lot of|losing( a lot of)?) blood\b(?! (test|work|pressure|sugar))|"
    r"(bleeding|blood) .{0,25}(heavily|a lot|everywhere|wont stop|cant stop|not stopping|badly)",
    r"(heavy|heavily|severe|severely|badly|profuse\w*) bleed(ing)?|hemorrhag|haemorrhag",
    r"(vomiting|coughing( up)?|throwing up) blood",
    r"(fell|fallen|fall) .{0,40}(cant|cannot|not able to|unable to) (get up|move|walk|stand)|"
    r"hit (my|his|her|the) head .{0,30}(bleeding|vomit|dizzy|confused|unconscious)|"
    r"seizures?\b|convuls|having (a fit|fits)",
    r"anaphyla|(throat|tongue) (is )?(swelling|swollen|closing)|severe allergic|"
    r"(lips?|tongue|throat|face) (is|are) swelling|having an allergic reaction",
    r"over ?dos(e|ed|ing)|took too many (pills|tablets)|"
    r"(took|taken|swallowed) (all (my|his|her)|(the|a) (whole|entire)) "
    r"(pills|tablets|medication|packet|bottle|box|pack)(?! (as|this))|"
    r"(swallowed|drank|eaten|ate) .{0,12}"
    r"(poison|bleach|pills|batter(y|ies)|magnets?|detergent|antifreeze)|poisoned",
    r"suicid|(kill|hurt|harm) (myself|himself|herself)|end my life|want to die\b|better off dead|"
    r"(dont|do not) want to (live|be alive|go on living)( any ?more)?$|ending it all|end it all|"
    r"(cut|slit|slashed) (my|his|her) wrists?|self harm\w*",
    r"(been|got|was) (shot|stabbed|electrocuted)|drowning|drowned|severe burns?",
    r"water (just )?broke|(baby|child) (is|has) (not moving|gone limp)|gone limp|"
    r"(in|gone into) labou?r\b|contractions",
    r"(suddenly )?(cant|cannot) (move|feel) (my|his|her) (arm|leg|face|left|right|body)",
    r"(worst headache of my life|sudden(ly)? (blind|lost (my )?vision))",
    r"(this is|its|have|got) an emergency|call (an ambulance|911|112|999|108)|need an ambulance",
    r"(had|in|been in) a (car|road|bike|motorbike) (accident|crash)|"
    r"accident .{0,20}(bleeding|hurt|unconscious)|hit by a (car|bus|truck)",
    r"head injury|snake ?bite|broken (neck|skull)|stroke symptoms|(signs|symptoms) of a stroke",
    r"someone is dying|(he|she|i|we) (is|am|are|im) dying(?! (to|for|of))|"
    r"\bim dying(?! (to|for|of))|(he|she)s dying(?! (to|for|of))",
)
_RED_FLAG = re.compile("|".join(rf"(?:{pattern})" for pattern in _BODY_ALARM))

_NEGATED = re.compile(
    r"\b(no|not|never|without|dont have|do not have|doesnt have|didnt have|havent (had|got)|"
    r"isnt|not having|no more|nor|not an?|any)( any| an?| having| really| the)?( \w+)?$"
)
_LONG_AGO = re.compile(
    r"\b(last (year|month|week|summer|winter|spring|autumn)|years? ago|months? ago|weeks? ago|"
    r"when i was|as a child|history of|followup|in the past|in (19|20)\d\d|used to|"
    r"recover(ed|ing) from|previous|screening|prevention|leaflet|information about|course)\b"
)
_FIGURE = re.compile(
    r"(stroke of luck|dying to|to die for|choked up|heart attack when i saw|nearly died laughing|"
    r"cant breathe for (excitement|laughing)|emergency (contact|exit|number)|"
    r"not an emergency|nothing urgent|drop dead gorgeous|killing me softly|fainted at the price|"
    r"chest (xray|infection|clinic|physio\w*|cold)|choked at the price|collapsed sofa|"
    r"seizure (of (goods|assets)|disorder|medication))"
)


def is_red_flag(words: tuple[str, ...]) -> bool:
    """Whether the turn speaks of danger to life now, not long ago and not denied."""
    said = " ".join(words)
    if _LONG_AGO.search(said) and not re.search(r"\b(now|right now|again|today)\b", said):
        return False
    figure = _FIGURE.sub(" ", said)
    return any(
        not _NEGATED.search(figure[: found.start()].rstrip()) or "breath" in found[0]
        for found in _RED_FLAG.finditer(figure)
    )
