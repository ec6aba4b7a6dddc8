/* The approval protocol, checked by Spin: one change that needs approval, and whatever people, the world, workers and an
   operator may do to it, in every order. `test_the_model.py` runs this; by hand, from this directory:

     spin -a -DWITH=EDIT+CANCEL approval.pml && gcc -O1 -w -DSAFETY -o pan pan.c && ./pan       "errors: 0"
     the same with -DBREAK=M_KEEPVOTES, which takes one check out (and -DALSO=... a second)       "errors: 1"
     spin -t -p -g -DWITH=EDIT+CANCEL -DBREAK=M_KEEPVOTES approval.pml                            tells its story

   -O1, for with -O2 gcc 12 (its vectorizer) makes a checker of this that leaves out most states, without a word.

   People press any button that ever was, as often as they like, at any time: a click has no memory, so stale, double and
   late delivery, and the signals that a reset applies again, are all there. Clocks are not counted but compared: `late`
   says that the deadline of the open gate has passed, and "time passes" that what was looked up before is too old and
   what changed before is old news. Who asked is 0; approvers are 1 and 2, of whom two are needed; 3 is named for
   breaking the glass; 4 is nobody. Not modelled: the lease, several calls, a tool that takes no precondition. */

#define EDIT   1
#define CANCEL 2
#define DRIFT  4         /* the world changes between preview and apply */
#define LEAVE  8         /* approver 1 is removed from the group */
#define FREEZE 16
#define GLASS  32
#define RESET  64
#define LATE   128       /* people click when the deadline has passed */
#ifndef WITH
#define WITH   0
#endif
#ifndef BREAK
#define BREAK  0
#endif
#ifndef ALSO
#define ALSO   0
#endif
#define ON(what)      ((with & what) != 0)
#define UNLESS(check) (broken != check && also != check)
#define HOLDS(name, what) if :: what -> skip :: else -> printf(name); printf("\n"); assert(false) fi

/* What happens without one check. Marked (+): nothing, it is courtesy or a second lock; it takes a pair. */
#define M_NOGEN         1   /* decide: the button's gate is not compared with the open one */
#define M_SELF          2   /* who asked may approve */
#define M_EDITOR        3   /* who edited may approve */
#define M_COUNTCLICKS   4   /* clicks are counted, not people */
#define M_KEEPVOTES     5   /* votes are kept for the next gate */
#define M_PROCTIME      6   /* a click is judged by when it is judged, not by when it was made */
#define M_EXPIRY        7   /* (+) decide: late clicks count */
#define M_NOEXP2        8   /* (+) admit: late votes count. A vote's time never changes: either check suffices */
#define M_MEMBER        9   /* (+) decide: membership is not looked at */
#define M_NORECHECK    10   /* admit: nor who the voters are now */
#define M_SELF_VOTE    11   /* (+) decide: whether they asked or edited is not looked at */
#define M_SELF_ADMIT   12   /* (+) admit: nor there */
#define M_NODRIFT      13   /* admit: the fresh preview is not compared */
#define M_STALE        14   /* admit: evidence is never too old */
#define M_NOCANCEL2    15   /* admit: whether it was rejected, edited or withdrawn meanwhile is not looked at */
#define M_NOFREEZE     16   /* admit: freezes are not looked at */
#define M_UNHEARD      17   /* admit: a vote that came in after the voters were looked up counts */
#define M_SILENT       18   /* the glass is broken before its channel was told */
#define M_TOLDONCE     19   /* a second breaking of the same glass goes by the first one's alert */
#define M_FELLBACK     20   /* votes that still suffice open the approval again: those who gave them can't vote twice */
#define M_UNARMED      21   /* an approval that is open again never expires */
#define M_NOTHAW       22   /* a held run does not learn that the freeze is over */
#define M_NONEWGATE    23   /* "it did not happen" is tried again on the old approval */
#define M_TRYCANCEL    24   /* cancel ends the run while an effect is in flight */
#define M_DUPLICATE    25   /* an effect is started although its key was started before */
#define M_NORECALL     26   /* (+) the ledger is not asked before people are */
#define M_SPEAKFIRST   27   /* "nothing was applied" is said without a look at the ledger */
#define M_NONONCE      28   /* a gate after a reset has the digest of one before it */
#define M_KEYBYRUN     29   /* a reset changes the key */
#define M_KEYEDITED    30   /* an edit changes the key */
#define M_RETRYC       31   /* at_most_once is sent again */
#define M_BLINDRETRY   32   /* verifiable is sent again without a look whether it is there */
#define M_NEWKEY       33   /* idempotent is sent again with another key */
#define M_LOSTISNOT    34   /* a lost reply is taken for "not applied" */
#define M_REFUSEDISNOT 35   /* a later attempt that was not sent, or refused, is taken for proof about the first */
#define M_NOPRECOND    36   /* what must still hold is not sent along */
#define M_INTENTISDONE 37   /* an effect that was begun is taken for one that was done */
#define M_WORDANY      38   /* a person's word on one effect counts for another */

byte with = WITH, broken = BREAK, also = ALSO;

mtype:stage = { RECALL, ASK, LOOKED, HELD, SPEAK, AWAIT, DONE };                    /* where gating.py stands */
mtype:gate = { NONE, OPEN, QUORUM, APPROVED, REJECTED, EXPIRED, SUPERSEDED, WITHDRAWN };   /* ApprovalState */
mtype:effect = { UNSTARTED, SENDING, ASKING, APPLIED, NOT_APPLIED, UNKNOWN };
mtype:class = { IDEMPOTENT, VERIFIABLE, AT_MOST_ONCE };
#define NOT_GIVEN 0
#define THIS      1        /* the open gate. Each has a digest of its own, */
#define OLDER     2        /* so those before it need no names */

/* The memory of the run */
mtype:stage at = RECALL;
mtype:gate approval = NONE;
byte vote[4], clicks;      /* with which gate's button each approved: for the oracle, the code knows only that they did */
bool late_vote[4];
byte seen, editor = 4;     /* the state of the world that the open gate shows */
bool late, held, told, silent, edit_due, unarmed, cancelled;       /* silent: this breaking of the glass was not told */
byte n = 1, n_asked;       /* which effect of this call; which one the open gate is about */
byte ev_target, ev_glass; bool ev_gone, ev_frozen, ev_old;      /* Evidence (rules/admission.py); ev_glass: by 3, who */
#define UNNAMED 1                                               /* is not named for it any more, or */
#define NAMED   2
mtype:effect outcome = UNSTARTED;

/* The ledger ([1], [2]: by key) and the truth; neither knows of resets */
mtype:effect ledger[3] = UNSTARTED;
bool happened[3], said[3]; /* at the upstream; a person gave their word on it, true or not */
byte target, settled, frozen, resets, gates;        /* frozen: 1 now, 2 no more; gates: none, one, more */
bool gone, gone_long, frozen_long, passes, edited, used;

#define PENDING    (approval == OPEN || approval == QUORUM)
#define GIVEN(who) (vote[who] != NOT_GIVEN)
#define ENOUGH     (GIVEN(3) || GIVEN(0) + GIVEN(1) + GIVEN(2) >= 2 || clicks >= 2)                   /* short_of */
#define ASKED(who) ((UNLESS(M_SELF) && who == 0) || (UNLESS(M_EDITOR) && who == editor))              /* requesters */
#define SAME(g)    (g == THIS || (!UNLESS(M_NONONCE) && resets > 0))                                  /* gate_digest */
#define KEY        (((UNLESS(M_KEYBYRUN) || resets == 0) && (UNLESS(M_KEYEDITED) || editor == 4)) -> n : 2)
#define NOT_DONE(k) (!happened[k] || said[k])                /* or somebody gave their word: then it is on them */
#define NOTHING    (outcome == NOT_APPLIED || outcome == UNSTARTED)

inline drop(who) { vote[who] = NOT_GIVEN; late_vote[who] = false }
inline drop_all() { drop(0); drop(1); drop(2); drop(3); clicks = 0 }

/* ---- hearing.py; rules/approval.py: decide ---- */

inline decide() {
  if
  :: UNLESS(M_NOGEN) && !SAME(g) -> skip                                                /* _closed */
  :: !PENDING -> skip
  :: UNLESS(M_EXPIRY) && (UNLESS(M_PROCTIME) -> after : late) -> skip
  :: yes && approval == QUORUM && !(who == 3 && held) -> skip                           /* _not_to_be_approved */
  :: UNLESS(M_SELF_VOTE) && who != 3 && ASKED(who) -> skip                              /* ineligible */
  :: UNLESS(M_MEMBER) && who == 1 && gone -> skip
  :: UNLESS(M_COUNTCLICKS) && yes && GIVEN(who) -> skip                                 /* _voted */
  :: else ->
     if
     :: !yes -> approval = REJECTED
     :: yes -> vote[who] = g; late_vote[who] = after;
        if :: UNLESS(M_COUNTCLICKS) -> skip :: else -> clicks++ fi;
        if :: who == 3 -> silent = true :: else -> skip fi;
        if :: ENOUGH -> approval = QUORUM :: else -> skip fi
     fi
  fi
}

inline fall_away() {                            /* FellAway: those that are left may still be enough */
  approval = (ENOUGH && UNLESS(M_FELLBACK) -> QUORUM : OPEN); held = false;
  HOLDS("R: what is open can still be decided", approval == QUORUM || !ENOUGH);
  if :: !GIVEN(3) && UNLESS(M_TOLDONCE) -> told = false; silent = false :: else -> skip fi
}

proctype World() {
  byte who, g; bool yes, after, good;    /* a click: whose, on which gate's button, which word, made after its deadline */
  do
  :: atomic { at != DONE && (PENDING || gates == 2) ->
       if :: who = 0 :: who = 1 :: who = 2 :: ON(GLASS) -> who = 3 fi;
       if :: g = THIS :: gates == 2 -> g = OLDER fi;
       if :: yes = true :: who != 3 -> yes = false fi;
       if :: after = false :: late -> after = true fi;
       good = g == THIS && approval == OPEN && !after && who != 0 && who != editor && !(who == 1 && gone);
       decide();
       HOLDS("P: a good click in time counts", !good || (yes -> GIVEN(who) : approval == REJECTED));
       who = 0; g = 0; yes = false; after = false; good = false }
  :: atomic { ON(EDIT) && !edited && PENDING -> edited = true; edit_due = true; approval = SUPERSEDED;
       if :: editor = 0 :: editor = 1 fi }
  :: atomic { ON(CANCEL) && !cancelled && at != DONE -> cancelled = true;
       if :: PENDING -> approval = WITHDRAWN :: else -> skip fi }
  :: ON(LATE) && PENDING && !late -> late = true
  :: ON(DRIFT) && target == 0 && at != DONE -> target = 1
  :: ON(LEAVE) && !gone && at != DONE -> gone = true
  :: ON(FREEZE) && frozen < 2 && at != DONE -> frozen++
  :: atomic { at != DONE -> ev_old = (at == LOOKED); settled = target; gone_long = gone; frozen_long = (frozen == 1) }
  :: frozen != 1 || at == DONE -> break                       /* all go home; whatever is frozen thaws */
  od
}

/* ---- gating.py, waiting.py, applying.py; rules/admission.py: admit ---- */

inline walk() { n = (ledger[1] == NOT_APPLIED -> 2 : 1) }                                         /* recall */

inline open_gate(preview) {
  seen = preview; n_asked = n; late = false; held = false; told = false; silent = false; unarmed = false;
  edit_due = false; used = false; gates = (gates == 0 -> 1 : 2);
  if :: UNLESS(M_KEEPVOTES) -> drop_all()
     :: else -> vote[1] = (GIVEN(1) -> OLDER : 0); vote[2] = (GIVEN(2) -> OLDER : 0) fi;
  approval = (cancelled -> WITHDRAWN : OPEN); at = ASK
}

inline permitted() {                            /* the oracle, at the moment of admission */
  HOLDS("C: nobody rejected, edited or cancelled it", approval == QUORUM && !cancelled);
  HOLDS("Q: two people gave it, or one broke the glass", GIVEN(3) || (GIVEN(1) && GIVEN(2)));
  HOLDS("Q: none of them asked or edited", !GIVEN(0) && !(editor == 1 && GIVEN(1)));
  HOLDS("D: all voted on this very showing", vote[1] != OLDER && vote[2] != OLDER && vote[3] != OLDER);
  HOLDS("E: all clicked in time", !late_vote[1] && !late_vote[2] && !late_vote[3]);
  HOLDS("F: the world is as shown", seen == target || seen == settled);
  HOLDS("M: all are still approvers", !(GIVEN(1) && gone_long));
  HOLDS("H: nothing is frozen", !(frozen == 1 && frozen_long) || (GIVEN(3) && passes));
  HOLDS("B: the glass was not broken silently", !GIVEN(3) || !silent)
}

inline apply() {                                /* nothing awaits between the admission and this */
  if
  :: ledger[KEY] == UNSTARTED || !UNLESS(M_DUPLICATE) ->
     HOLDS("G: each effect has a gate of its own", !used); used = true;
     ledger[KEY] = SENDING; run Effect(KEY, seen)
  :: else -> skip                               /* REJECT_DUPLICATE: stay with the one there is */
  fi; at = AWAIT
}

inline admit() {
  fell = GIVEN(0) + GIVEN(1) + GIVEN(2) + GIVEN(3);
  if
  :: (!PENDING && UNLESS(M_NOCANCEL2)) || (ev_old && UNLESS(M_STALE)) ||
     (GIVEN(3) && ev_glass == NOT_GIVEN && UNLESS(M_UNHEARD)) -> at = ASK                         /* Lapsed, Stale */
  :: else ->
     if :: UNLESS(M_NORECHECK) && ev_gone -> drop(1) :: else -> skip fi;
     if :: UNLESS(M_SELF_ADMIT) && ASKED(0) -> drop(0) :: else -> skip fi;
     if :: UNLESS(M_SELF_ADMIT) && ASKED(1) -> drop(1) :: else -> skip fi;
     if :: UNLESS(M_NOEXP2) && late_vote[1] -> drop(1) :: else -> skip fi;
     if :: UNLESS(M_NOEXP2) && late_vote[2] -> drop(2) :: else -> skip fi;
     if :: (UNLESS(M_NOEXP2) && late_vote[3]) || ev_glass == UNNAMED -> drop(3) :: else -> skip fi;
     if
     :: GIVEN(0) + GIVEN(1) + GIVEN(2) + GIVEN(3) < fell ->                                       /* Short */
        fall_away(); unarmed = !UNLESS(M_UNARMED); at = ASK
     :: else ->
        if
        :: UNLESS(M_NODRIFT) && ev_target != seen -> approval = SUPERSEDED; open_gate(ev_target)  /* Drifted */
        :: else ->
           if
           :: UNLESS(M_NOFREEZE) && ev_frozen && !(GIVEN(3) && passes) ->
              if :: late -> approval = EXPIRED; at = ASK :: else -> held = true; at = HELD fi     /* Held */
           :: else -> permitted(); approval = APPROVED; apply()                                   /* Admission */
           fi
        fi
     fi
  fi;
  fell = 0; ev_target = 0; ev_gone = false; ev_frozen = false; ev_glass = NOT_GIVEN; ev_old = false
}

proctype Run() {
  byte fell;
  do
  :: atomic { at == RECALL -> walk();                         /* what this call did in an earlier life is found */
       if :: ledger[KEY] == UNSTARTED || !UNLESS(M_NORECALL) -> open_gate(target) :: else -> at = AWAIT fi }
  :: atomic { at == ASK && approval == OPEN && !unarmed -> late = true; approval = EXPIRED }      /* waiting.decided */
  :: atomic { at == ASK && approval == QUORUM && GIVEN(3) && !told ->                             /* waiting.told */
       if :: told = true; silent = false :: drop(3); fall_away() fi }       /* docket._untold */
  :: atomic { at == ASK && approval == QUORUM && (!GIVEN(3) || told || !UNLESS(M_SILENT)) ->      /* _evidence */
       ev_target = target; ev_gone = gone; ev_frozen = (frozen == 1); ev_old = false; at = LOOKED;
       if :: ev_glass = (GIVEN(3) -> NAMED : NOT_GIVEN)
       :: ON(LEAVE) && GIVEN(3) -> ev_glass = UNNAMED fi }
  :: atomic { at == LOOKED -> admit() }
  :: atomic { at == HELD && ((frozen != 1 && UNLESS(M_NOTHAW)) || !PENDING || late || GIVEN(3)) -> at = ASK }
  :: atomic { at == ASK && edit_due ->                                                            /* editing.take_up */
       if :: editor = 4 :: skip fi;                           /* it may be of no use: then all stays as it was */
       open_gate(target) }
  :: atomic { at == ASK && !PENDING && !edit_due -> at = SPEAK }
  :: atomic { at == SPEAK -> walk();                          /* "nothing was applied": nor in an earlier life? */
       if
       :: ledger[KEY] == UNSTARTED || ledger[KEY] == NOT_APPLIED || !UNLESS(M_SPEAKFIRST) ->
          outcome = UNSTARTED; at = DONE
       :: else -> at = AWAIT
       fi }
  :: atomic { at == AWAIT && ledger[KEY] == NOT_APPLIED && said[n] && n == 1 -> n = 2;            /* settle: try again */
       if :: UNLESS(M_NONEWGATE) -> at = RECALL :: else -> approval = QUORUM; at = ASK fi }
  :: atomic { at == AWAIT && ledger[KEY] == NOT_APPLIED && !(said[n] && n == 1) -> outcome = NOT_APPLIED; at = DONE }
  :: atomic { at == AWAIT && (ledger[KEY] == APPLIED || ledger[KEY] == UNKNOWN) -> outcome = ledger[KEY]; at = DONE }
  :: atomic { at == AWAIT && cancelled && !UNLESS(M_TRYCANCEL) -> outcome = UNSTARTED; at = DONE }
  :: atomic { at == AWAIT && ledger[KEY] == SENDING && !UNLESS(M_INTENTISDONE) -> outcome = APPLIED; at = DONE }
  :: atomic { ON(RESET) && resets == 0 -> resets++;           /* an operator resets the run, also one that has ended: */
       drop_all(); edit_due = false; held = false; told = false; silent = false; unarmed = false; outcome = UNSTARTED;
       cancelled = false; edited = false;                     /* what was said since then is said again, or not */
       if
       :: n = 1; editor = 4; approval = NONE; at = RECALL     /* to its beginning; the next gate has another nonce */
       :: approval != NONE -> n = n_asked; approval = OPEN; at = ASK                  /* to where the gate had opened */
       fi }
  :: atomic { at == DONE ->
       HOLDS("N: said to be applied, and it is", outcome != APPLIED || happened[KEY] || said[KEY]);
       HOLDS("L: said not to be applied, and it is not", !NOTHING || (NOT_DONE(1) && NOT_DONE(2)));
       break }
  od
}

/* ---- effect.py, sending.py, activities/applying.py: the `Effect` workflow whose id is the key k ---- */

inline commit() {                               /* the upstream does it */
  HOLDS("V: applied to the world that was shown", target == expected);
  HOLDS("X: once", !happened[k] || (kind == IDEMPOTENT && UNLESS(M_NEWKEY)));
  HOLDS("X: no other for the same call", NOT_DONE(3 - k));
  HOLDS("L: not after it was said not to be", at != DONE || !NOTHING);
  happened[k] = true
}

proctype Effect(byte k; byte expected) {
  mtype:class kind;
  bool maybe;                                                                 /* an earlier attempt may have done it */
  if :: kind = IDEMPOTENT :: kind = VERIFIABLE :: kind = AT_MOST_ONCE fi;
again:
  if
  :: atomic { target == expected || !UNLESS(M_NOPRECOND) -> commit() }
  :: goto refused                               /* not sent, or an answer that proves nothing was done, as a 412 does */
  :: goto lost                                  /* the worker died before it was sent, or on the way */
  fi;
  if
  :: atomic { ledger[k] = APPLIED; goto over }
  :: goto lost                                  /* the reply was lost, or the worker */
  fi;
lost:
  atomic {
    maybe = true;
    if
    :: kind == IDEMPOTENT -> goto again
    :: kind == VERIFIABLE && !happened[k] -> maybe = false; goto again       /* sending._found: absent */
    :: kind == VERIFIABLE && happened[k] -> ledger[k] = APPLIED; goto over
    :: kind == VERIFIABLE && !UNLESS(M_BLINDRETRY) -> goto again
    :: kind == AT_MOST_ONCE && !UNLESS(M_RETRYC) -> goto again
    :: !UNLESS(M_LOSTISNOT) -> ledger[k] = NOT_APPLIED; goto over
    :: goto ask                                                               /* nobody can tell, or not any more */
    fi };
refused:
  if :: !maybe || !UNLESS(M_REFUSEDISNOT) -> ledger[k] = NOT_APPLIED; goto over :: else -> skip fi;
ask:
  ledger[k] = ASKING;
  atomic {
    if                                          /* a person's word: true or not */
    :: said[k] = true; if :: ledger[k] = APPLIED :: ledger[k] = NOT_APPLIED :: ledger[k] = UNKNOWN fi
    :: said[3 - k] && !UNLESS(M_WORDANY) -> ledger[k] = NOT_APPLIED
    fi };
over:
  skip
}

init {
  atomic {
#ifdef FROM_ENVIRONMENT                         /* one compilation for all: `WITH=3 BREAK=5 ./pan` */
    c_code { now.with = atoi(getenv("WITH")); now.broken = atoi(getenv("BREAK")); now.also = atoi(getenv("ALSO")); };
#endif
    if :: ON(GLASS) && ON(FREEZE) -> passes = true :: passes = false fi;
    run Run(); run World()
  }
}
