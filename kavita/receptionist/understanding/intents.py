"""What a caller may want, and the words for it, misheard ones included."""

import re

from kavita.receptionist.understanding.meanings import Intent
from kavita.receptionist.understanding.words import Words

__all__ = ["Intent", "find_intents"]


_NOT_CANCEL = r"(dont|do not|not|never)( want| wish| need)?( to)? (cancel|delete)( it| that)?"

_PHRASES: dict[Intent, tuple[str, ...]] = {
    Intent.BOOK: (
        r"(book|booking|books)(?! of)",
        r"(make|schedule|set up|arrange|get|need\w*|want|wanted|like|fix|another|new|"
        r"(can|could|may) i have|do you have|work|look at|look for|work on|"
        r"next (available|free|open)) (\w+ ){0,4}"
        r"(appointments?|visit|checkup|consultation|slot|booking)",
        r"i (lead|leave|leaf|knead|neat|meet|read|knee|leed) (an? |the )?(\w+ )?appointments?",
        r"see (a |the |your |my |some )?(doctor|dentist|nurse|physician|specialist|some(one|body))",
        r"(any|what|which|whats) (\w+ ){0,3}(openings?|slots?|times|available|availability|free)",
        r"when (are you|can i come|do you have|have you)( \w+)?( free| available)?$",
        r"when (are you|is it|is the doctor) (free|available)|what do you have( \w+)?$",
        r"come in|(squeeze|fit) me in|(get|have) an? \w+ test",
        r"anything (free|available|open|on|for)",
        r"^((yes|well|just|so|maybe|hi|hello|oh) )*(an )?appointment( please| then| i \w+)*$",
    ),
    Intent.CANCEL: (
        r"cancel\w*|canstle|call off|delete|get rid of|(consult|counsel|council) (my|the)",
        r"dont (need|want) (my|the|that|this) (\w+ )?appointment",
    ),
    Intent.MOVE: (
        r"move|moved|moving|reschedul\w*|raise schedule|rearrange|postpone|push|shift|delay",
        r"reshape|bring (it |my appointment )?forward",
        r"(change|switch|swap) (\w+ ){0,4}(appointments?|time|date|day|it|that|visit|booking)",
        r"(change|switch|swap) (my|the|our) (?!mind)|rebook\w*",
    ),
    Intent.LIST: (
        r"(what|which|list|show|tell|hear|check|read|see|know|when|whens|confirm|whats|remind)"
        r"(?! about)"
        r"( \w+){0,6} (my|our|her|his|their) (\w+ ){0,2}(appointments?|bookings?|visits?)",
        r"what (do i have|have i got|ive got)( (booked|now|left|coming up|planned|scheduled))*$",
        r"appointments? (do|have|did) i|appointments? (i|ive) (have|got|booked)|"
        r"(do|have) i (still )?(have |got )+(anything|something)|"
        r"which (ones?|appointments?) (do i have|are (there|they))|what are they|"
        r"(am|what) i (booked|coming|due)|when (is|are|am) (my|i)",
        r"(do|have) i (still )?(have|got) (\w+ ){0,3}(appointments?|booked|bookings?)",
        r"if i (still )?have( got)? (\w+ ){0,3}(appointments?|bookings?)",
        r"appointments? (are )?(booked |made )?(under|for|in) (my name|me)",
        r"^(my )?(next|upcoming|current|existing) appointments?( please)?$",
        r"^my appointments?( please)?$",
        r"who(s| is| am| do| will) (my|i) (\w+ ){0,3}(appointments?|seeing|see|booked|with)",
        r"where(s| is| are) (my|our) (\w+ ){0,2}(appointments?|bookings?|visits?)",
    ),
    Intent.DETAILS: (
        r"(what|whats|which)( was| is)? (the|my) ((new|appointment|booking|user) )*"
        r"(id|number|time|day|date)( again| of it)?$|(what|which) (time|day) is it (at|on|for)|"
        r"(spell|repeat|read|say|tell me) (the|my) ((appointment|booking|user) )*(id|number)",
        r"when (is|was) (it|that)( again)?$|(what|which) (day|time) (is|was) (it|that)$",
    ),
    Intent.REGISTER: (
        r"register|registration|sign (me )?up|enrol\w*|not registered",
        r"new patient|new here|first (time|visit)|never been|(im|i am) new",
        r"(havent|have not) been (here|there|to (you|the|this|your)|with you|a patient|before)",
        r"(dont|do not|havent|have not) (have|got) (an |any |a |my )?(user )?(id|idea|number)",
        r"^(sorry )?(no )?i (dont|do not|havent|have not) (have|got)( any| an| one| a)*( yet)?$",
        r"no (user )?id|without an id",
    ),
    Intent.LOST_ID: (
        r"(forgot|forgotten|lost|remember|know|find|recall)( what)? (my|the) (user )?"
        r"(id|number|pin)",
        r"(forgot|forgotten|lost|dont (know|remember)|cant (remember|find|recall))( my| it)?$",
    ),
    Intent.YES: (
        r"^((oh|well|ah|and|so|um|right) )?(yes|mhm|aha|yeah|yep|yup|yah|sure|ok|okay|of course|"
        r"correct|absolutely|exactly|definitely|certainly|perfect|great|fine|alright|all right|"
        r"lovely|excellent|wonderful|super|brilliant|cool)",
        r"^(yes )?(please|please do|right|why not|go for it|go ahead|do it|book it|i do)$",
        r"^(go ahead|do it|book it) please$",
        r"(thats|that is|it is|its|this is|sounds|next) "
        r"(right|fine|good|correct|ok|okay|perfect|great|file)",
        r"(that|it|this) (works|does|suits)|works (for me|fine|great)|good for me|that one",
        r"(ill|i will) (take|have) (it|that)|lets do (it|that)",
    ),
    Intent.NOTHING_MORE: (
        r"^(no )?(nothing|none)( else| more)?( thanks| thank you| for (now|today))*$",
        r"^(no |ok |okay )?(im|i am|we are|were|all) (good|fine|ok|okay|sorted)"
        r"( thanks| thank you| now| for (now|today))*$",
        r"^(no |nope |ok |okay )?(thatll|that will|that should) do( it)?",
    ),
    Intent.WRONG: (
        r"(thats|that is|that was|its|it is|got it|^|^no|^oops) (all )?(wrong|incorrect|a mistake)",
        r"^(oops )?(wrong|incorrect)|(not|isnt) (right|correct|what i)",
    ),
    Intent.NO: (
        r"^((oh|well|ah|um|sorry) )?(no|nope|nah|not really|none|neither|negative|wrong|"
        r"not (yet|that|those|now))",
        r"(doesnt|dont|does not|wont|do not) (work|suit|fit)|i (cant|cannot) (do|make)",
        r"^i (dont|do not)( want( that| it)?)?$|thats (wrong|not (right|it|correct|me))",
        r"none of (them|those|these)|too (early|late)|keep (it|that|them|my|the)",
        _NOT_CANCEL,
    ),
    Intent.NEVER_MIND: (
        r"never ?mind|forget (it|that|about (it|that))|leave it|dont bother|scrap that",
        r"start over|changed? my mind|drop it|stop that|^stop$",
    ),
    Intent.CORRECTION: (
        r"actually|wait|sorry|instead|i meant|i mean|meant|make (it|that)|change (it|that)",
        r"rather|not|correction|hold on|scratch that|i (said|wanted|asked)|^no",
    ),
    Intent.THAT_ONE: (
        r"(cancel\w*|change|move|drop|push|make|reschedul\w*) (that|it|this|net|the ad)",
    ),
    Intent.MY_APPOINTMENT: (r"(my|the|an|that|this) (\w+ ){0,2}(appointments?|booking)",),
    Intent.CANNOT_COME: (
        r"(cant|cannot|wont be able to|not able to|unable to|can no longer) "
        r"(come|make it|attend|make my|make the|make \w+day|make tomorrow|be there|get there)",
    ),
    Intent.LATER: (
        r"later(?! (date|day|in the week|this week))|after that|engliger|too early",
    ),
    Intent.EARLIER: (r"earlier|sooner|before that|too late",),
    Intent.OTHER_TIMES: (
        r"(anything|something|any (thing|time)) else|what else|more options|any others?",
        r"(other|different|another|more) (times?|options?|slots?|choices?|one)",
        r"none of (them|those|these)",
    ),
    Intent.ANY_OF_THEM: (
        r"(doesnt|does not|dont|do not|didnt) (really )?(matter|mind|care)|no preference|up to you",
        r"(^|you )(choose|pick|decide|tell me)( one| for me)?$|whichever|any (day|time)|whenever|"
        r"whatever$|whatever (works|suits|you have|is (good|easiest|free))",
        r"(either|any)( one)?( of (them|those|these))?( is| are| works| would be| will do)*"
        r"( fine| ok| okay| good| great)?( please| for me)*$",
    ),
    Intent.UNSURE: (
        r"^(im |i am )?(really )?not sure( yet)?$|^i (dont|do not) know( yet)?$",
        r"what do you (have|suggest|recommend)|what (have you got|is there|would you suggest)",
    ),
    Intent.OTHER_DAY: (
        r"(another|different|other|some other|not that|later) (day|date)s?",
    ),
    Intent.SAME_DAY: (r"(the|that|on) same day|(on )?that day",),
    Intent.COME_OTHERWISE: (
        r"(come|be seen|appointment|mine) (a (bit|little) )?(earlier|sooner|later)(?! date| day)",
        r"(earlier|later) (appointment|time)( instead)?$",
    ),
    Intent.SAME_TIME: (r"(the )?same (time|hour)",),
    Intent.SOONEST: (
        r"soonest|as (soon|early) as|(first|next) (available|free|open)|asap",
        r"right away|earliest|straight away|immediately|(come|in|seen|someone|doctor) (right )?now",
        r"first thing",
    ),
    Intent.ALL: (
        r"all of (them|it)|both( of them)?|cancel (them )?all|all my|all the|each of them|^all$",
        r"every(thing| appointment)",
    ),
    Intent.TOO: (
        r"(the|my) (other|second|next|remaining|last)( one| appointment)?( too)?$|too$|as well",
    ),
    Intent.GOODBYE: (
        r"bye|goodbye|good by|see you|talk to you later|hang up|end the call|nothing else",
        r"have a (good|nice|great|lovely) (day|one|evening|weekend|afternoon)",
        r"(that|this|it)( will|ll)? be (all|it|everything)|thatll be (all|it|everything)",
        r"good night|(dont|don|good) buy|(im|i am|all) (done|turned)$|^all done|all set",
        r"(thats|that is|its|lets|not) (all|everything)( by| buy| for (now|today)| thank you)?$",
        r"(thats|that is) (all|everything|it) (i|from me|thank|thanks|by|buy|bye|for (now|today))",
        r"^(by|buy)$|(thanks|thank you|all) (by|buy)$|wrong number",
        r"^((no|ok|okay|great|perfect|lovely|thanks|thank you) )*thats it( thanks| thank you)*$",
        r"^no (im|i am|were) (good|fine)|^no (thank you|thanks) (thats|im|i am)",
    ),
    Intent.BYE: (
        r"bye|goodbye|good by|hang up|end the call|see you|(dont|don|good) buy|good night",
        r"^(by|buy)$|(thanks|thank you|all) (by|buy)$|wrong number",
        r"have a (good|nice|great|lovely) day",
    ),
    Intent.THANKS: (r"thank|thanks|thank you|cheers|appreciate|staying due|dhanyavaad|shukriya",),
    Intent.WAIT: (
        r"(hang|hold) on|(one|just a|a) (moment|second|minute|sec)|bear with me|give me a",
        r"let me (find|look|see|check|think|get)|im looking|just looking|wait a",
    ),
    Intent.GREETING: (r"^(hello|hi|hey|good (morning|afternoon|evening)|namaste|greetings)",),
    Intent.STILL_THERE: (r"(can|do) you hear me|(are you|anyone|anybody|is someone) there",),
    Intent.REPEAT: (
        r"repeat(?! prescription)|say (that|it) (again|once more)|come again",
        r"what did you( just)? say",
        r"what was that|(didnt|did not|couldnt) (hear|catch|get|understand)|one more time",
        r"once more|beg your pardon|a peep at that|say again|hear that again|again please",
        r"^(sorry )?(what|huh|pardon|pardon me|again|sorry|excuse me|hardin)( please| sorry)?$",
    ),
    Intent.SLOWER: (
        r"slower|slow down|too fast|more slowly|^(slow|slowly|slayer|slaughter)( please)?$",
    ),
    Intent.HOURS: (
        r"(opening|opinion|business|working|office|clinic|your) hours|opening (times|out)|hours",
        r"(when|what time|what days) (do|are|does|is) (you|the clinic|it|your clinic) "
        r"(open|close|shut|closed)",
        r"(are you|is the clinic|you are|at|is it|are we) (still )?(open|closed)",
        r"do you (open|close|work) (on|at)|"
        r"(when|what days|which days) (does|do|is) (dr|doctor) \w+ (work|in|here|there|see)",
        r"(does|is) (dr|doctor) \w+ (work|working|in|here|there)( on|$)",
    ),
    Intent.WHO: (
        r"who (are|is) (you|this|that)|whos this|your name|who am i (speaking|talking)",
        r"(what|which) clinic|name of (the|your) clinic|clinics? name",
        r"is (this|that) (the |a )?clinic",
        r"what can (you|i) (do|say|ask)|how does this work|what do you do|what are you",
        r"can you help( me)?$|^(i need )?help( me)?( please)?$",
    ),
    Intent.ROBOT: (
        r"robot|rogot|chat ?bot|bot|machine|ai|a computer|a recording|artificial",
        r"are you (a |an )?(real|human|person|automated|alive)",
    ),
    Intent.HUMAN: (
        r"(talk|speak|connect|transfer|put|get|go|want|need|give) (\w+ ){0,4}"
        r"(human|person|someone real|somebody|operator|agent|receptionist|staff|"
        r"representative|front desk|manager|someone else)",
        r"^(operator|human|agent|receptionist|representative)( please)?$|speak to someone",
    ),
    Intent.ADVICE: (
        r"(should|shall|can|could|may|do|must|what|which) (i|we|he|she) (\w+ ){0,3}"
        r"(take|eat|drink|fast|stop taking|give (him|her|my)|dose|dosage)",
        r"is it (serious|normal|dangerous)|what (does|do) (it|this|that|my) (\w+ )?mean",
    ),
    Intent.MEDICAL: (
        r"headaches?|migraine|fever|cough\w*|rash|nausea|dizz\w+|vomit\w*|sore throat|diarrh\w*",
        r"infection|pregnan\w*|symptoms?|diagnos\w*|medicines?|medications?|antibiotics?",
        r"paracetamol|ibuprofen|aspirin|pills?|tablets?|side effects?|(test|my) results|cancer",
        r"diabet\w*|blood sugar|cholesterol|insulin|swollen|painkillers?|toothache|stomach ?ache",
        r"flu|covid|pains?|hurts?|sprain\w*|itch\w*|insomnia|contagious|allerg\w+|burns?",
    ),
    Intent.CLINIC_QUESTION: (
        r"address|where are you|where is the clinic|directions|parking|(can|do|could) i park",
        r"located|location|price|prices|costs?|fees?|insurance|pay|payment|how much|email",
        r"(?<!my )(phone|telephone) number|how long (does|is|will)|wheelchair|bring with me",
        r"should i bring|do you (do|offer|treat|provide|accept)",
        r"which doctors?|doctors? do you have",
        r"(lady|female|woman|male) (doctor|dentist)",
    ),
    Intent.WHY_ID: (
        r"why (do|would|should|must) (you|i)( \w+)*|why is (it|that|this) needed|"
        r"what( is| do you need) (it|that|this|my id) (needed )?for|^(but )?why( not)?$",
        r"(dont|do not) (want|like|feel) (\w+ ){0,4}(give|share|say|tell|sharing|giving|telling)",
        r"(rather|prefer) not( \w+){0,3}$|none of your business|(is it|thats) private",
    ),
    Intent.LANGUAGE: (r"(do|can) you (speak|talk|understand) (?!to)\w+|in (hindi|spanish|french)",),
    Intent.LATE: (r"(running|be|am|im|going to be) (a (bit|little) |very )?late",),
    Intent.UPSET: (
        r"ridiculous|useless|terrible|awful|stupid|frustrat\w*|annoy\w*|waste of time|fed up",
        r"fuck\w*|damn|dammit|shit|piss(ed)? off|idiot|rubbish|angry",
    ),
    Intent.SOMEONE_ELSE: (
        r"(appointments?|bookings?) (do|does|has|did) (?!i |you |we )(\w+ ){1,3}(have|got|book)",
        r"(all|other|another|every|any) (of )?(the |your )?(patients?|user ids)|who (else )?has",
        r"(appointments?|bookings?|records?) (of|under) ((patient|user|id|number) )*[0-9]{4}",
        r"(someone|somebody|everyone|everybody|anyone|anybody) elses",
        r"(wife|husband|son|daughter|mother|father|mom|mum|dad|sister|brother|friend|partner|child"
        r")s? (appointments?|bookings?|visits?|id|record)",
    ),
    Intent.FOR_SOMEONE: (
        r"(for|of) (my|our|a) (\w+ )?(wife|husband|son|daughter|mother|father|mom|mum|dad|sister|"
        r"brother|friend|partner|child|children|kids?|baby|grand\w+|aunt|uncle|neighbou?r|boss)",
        r"(for|on behalf of) (someone|somebody) else|for (him|her|them)$",
    ),
    Intent.OFF_TOPIC: (
        r"weather|jokes?|football|cricket|sing|song|president|prime minister|capital of",
        r"recipe|stock|movie|meaning of life|pizza|taxi|what time is it|music|poem",
        r"tell me (a|the) (\w+ )?(story|news)",
        r"how old are you|where do you live|lottery|bitcoin|favou?rite|homework|translate",
        r"horoscope|do you (like|love)|marry me",
    ),
    Intent.WAITLIST: (
        r"(waiting|wait|weighting|waited|waitlist) ?list|wait ?listed|waitlist",
        r"(tell|call|ring|let|text|notify|inform|contact|phone|alert) (me|us)( back)?( know)? "
        r"(if|when|as soon as|should|in case) (\w+ ){0,4}"
        r"(opens?|comes?|becomes?|gets?|frees?|freed|earlier|sooner|cancel\w*|available|free)",
        r"(if|when|should) (\w+ ){0,3}(opens? up|comes? up|frees? up|becomes? (free|available)) "
        r"(\w+ ){0,6}(tell|call|let|notify|ring) me",
    ),
    Intent.OFF_WAITLIST: (
        r"(off|leave|quit|cancel|remove (me|us|my \w+)( from)?|not( be)? on|delete me( from)?) "
        r"(\w+ ){0,2}(waiting|wait|weighting|waited)? ?(wait)?list",
        r"(don ?t|do not) (want|need) (to be on |to wait on )?(the|that|your) wait(ing)? ?list",
        r"(stop|don ?t keep|not keep) waiting for (an )?(earlier|another)",
    ),
    Intent.PRACTITIONERS: (
        r"who (works|is working|practi[sc]es|are (the|your)( \w+)? (doctors|practitioners|staff))",
        r"(which|what|who) (other )?(doctors?|dentists?|practitioners?|physicians?|specialists?)"
        r"( do you| are| work|s | is|$)",
        r"(doctors|practitioners|physicians|dentists) (do you have|have you|are there|work)",
        r"who (can|could|do|would) i (see|book|choose)|(list|names?) of (the|your|all) doctors?",
        r"(tell me|know) (about )?(the|your) doctors|"
        r"who (do you have|have you got)( there| here)?$",
    ),
    Intent.VISIT_KINDS: (
        r"(what|which) (kinds?|types?|sorts?) of (\w+ ){0,2}(visits?|appointments?|treatments?)",
        r"(what|which) (visits|appointments|services|treatments|visit types) "
        r"(do you|are there|can i|does the clinic|have you)",
        r"what (do|does) (you|the clinic) (offer|provide)|what can i book",
    ),
    Intent.OFFERED: (r"(do|does|can) (you|the clinic|they) (do|offer|provide)",),
    Intent.VISIT_LENGTH: (
        r"how (long|many minutes) (does|do|is|are|will|would)|how long( is it)?$",
    ),
}  # fmt: skip
_ABOUT_LIST = re.compile(r"\b(am i|are we|where|how (long|does|many)|position|what is)\b.*list")
"""Asks about the waiting list: for the front desk."""
_PATTERNS = {
    intent: re.compile("|".join(rf"\b(?:{phrase})\b" for phrase in phrases))
    for intent, phrases in _PHRASES.items()
}


def find_intents(words: Words) -> frozenset[Intent]:
    """Everything that the words may mean, without knowing what was asked."""
    said = " ".join(words)
    found = {intent for intent, pattern in _PATTERNS.items() if pattern.search(said)}
    for stronger, weaker in _EXPLAINED_AWAY:
        if stronger in found:
            found -= weaker
    if re.search(rf"\b{_NOT_CANCEL}", said):
        found -= {Intent.CANCEL, Intent.YES}
    if Intent.WAITLIST in found and _ABOUT_LIST.search(said):
        found = found - {Intent.WAITLIST} | {Intent.CLINIC_QUESTION}
    if Intent.NO in found and re.match(r"no (problem|worries)\b", said):
        found -= {Intent.NO, Intent.CORRECTION}
    return frozenset(found)


_EXPLAINED_AWAY: tuple[tuple[Intent, set[Intent]], ...] = (
    (Intent.NEVER_MIND, {Intent.MOVE}),
    (Intent.CANCEL, {Intent.LIST, Intent.BOOK}),
    (Intent.MOVE, {Intent.LIST, Intent.BOOK}),
    (Intent.LIST, {Intent.BOOK}),
    (Intent.NO, {Intent.YES}),
    (Intent.GOODBYE, {Intent.LATER, Intent.YES}),
    (Intent.HOURS, {Intent.BOOK, Intent.REPEAT}),
    (Intent.REPEAT, {Intent.CORRECTION}),
    (Intent.ROBOT, {Intent.HUMAN, Intent.WHO}),
    (Intent.SOMEONE_ELSE, {Intent.LIST, Intent.BOOK}),
    (Intent.CLINIC_QUESTION, {Intent.BOOK}),
    (Intent.NOTHING_MORE, {Intent.YES}),
    (Intent.OFF_WAITLIST, {Intent.WAITLIST, Intent.CANCEL, Intent.MOVE, Intent.NO}),
    (
        Intent.WAITLIST,
        {Intent.CANCEL, Intent.MOVE, Intent.LIST, Intent.BOOK, Intent.WAIT, Intent.COME_OTHERWISE},
    ),
)
