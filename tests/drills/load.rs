//! Callers who write and read until they are told to stop. They repeat requests that were not answered, and keep a
//! history of everything.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    caller::{Answer, Caller, Lost, Request},
    history::Write,
    stage::Stage,
};

/// How long a caller waits before trying again.
const AGAIN_AFTER: Duration = Duration::from_millis(20);
/// How long a reader waits between two reads.
const THINKING: Duration = Duration::from_millis(5);
/// The writer repeats the request for a new client, except for one in this many.
const IMPATIENT: usize = 5;

/// One request and its outcome.
#[derive(Clone, Debug)]
pub struct Sample {
    pub is_change: bool,
    pub sent: Instant,
    pub took: Duration,
    pub outcome: Outcome,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// A problem document with this status and code.
    Problem(u16, String),
    /// An unexpected answer.
    Strange(String),
    /// No answer, or only a part of it.
    Lost,
}

impl Outcome {
    fn of(answer: &Result<Answer, Lost>) -> Self {
        match answer {
            Err(_) => Self::Lost,
            Ok(answer) if answer.is_success() => Self::Done,
            Ok(answer) => match answer.code() {
                Some(code) => Self::Problem(answer.status, code.to_owned()),
                None => Self::Strange(format!("{answer:?}")),
            },
        }
    }

    /// Whether this is a temporary problem.
    pub fn passes(&self) -> bool {
        match self {
            Self::Problem(status, code) => *status == 503 || code == "idempotency_in_progress",
            _ => false,
        }
    }
}

/// What the callers of a load did.
#[derive(Default)]
pub struct Record {
    pub writes: Vec<Write>,
    pub samples: Vec<Sample>,
}

impl Record {
    /// The samples that were sent from `since` until before `until`.
    pub fn between(&self, since: Instant, until: Instant) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |sample| (since..until).contains(&sample.sent))
    }

    /// Whether the last request named an outdated version.
    fn ended_outdated(&self) -> bool {
        self.samples.last().is_some_and(|last| matches!(last.outcome, Outcome::Problem(412, _)))
    }

    /// How many requests did not succeed.
    pub fn failures(&self) -> usize {
        self.samples.iter().filter(|sample| sample.outcome != Outcome::Done).count()
    }
}

/// The longest that any of `samples` took.
pub fn longest<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Duration {
    samples.into_iter().map(|sample| sample.took).max().unwrap_or_default()
}

/// How many requests of each kind have succeeded so far.
#[derive(Default)]
struct Progress {
    is_over: AtomicBool,
    changes: AtomicUsize,
    reads: AtomicUsize,
}

/// Callers at work.
pub struct Load {
    progress: Arc<Progress>,
    callers: Vec<JoinHandle<Record>>,
}

impl Load {
    /// Starts `writers` and `readers`.
    pub fn start(stage: &Stage, writers: usize, readers: usize) -> Self {
        let progress = Arc::new(Progress::default());
        let product = stage.product();
        let writers = (0..writers).map(|number| {
            let writer = Writer::new(stage, number, &product, &progress);
            thread::spawn(move || writer.run())
        });
        let mut callers: Vec<_> = writers.collect();
        for number in 0..readers {
            let (caller, progress) = (stage.caller(), Arc::clone(&progress));
            let mut record = Record::default();
            let client = record.client(stage, &format!("read by {number}"));
            callers.push(thread::spawn(move || record.read(&caller, &client, &progress)));
        }
        Self { progress, callers }
    }

    /// Waits until a change and a read that were sent after this call have succeeded, and returns how long that took.
    pub fn until_both_are_done(&self) -> Duration {
        let began = Instant::now();
        let done = || [&self.progress.changes, &self.progress.reads].map(|count| count.load(Ordering::Relaxed));
        let before = done();
        // One more of each kind than there are callers, since each caller may have sent one request before.
        let enough = self.callers.len() + 1;
        while done().iter().zip(before).any(|(now, before)| now - before < enough) {
            assert!(began.elapsed() < Duration::from_mins(1), "nothing is done any more");
            assert!(!self.callers.iter().any(JoinHandle::is_finished), "a caller has given up");
            thread::sleep(Duration::from_millis(2));
        }
        began.elapsed()
    }

    /// Lets the callers finish, and returns their record.
    pub fn finish(self) -> Record {
        self.progress.is_over.store(true, Ordering::Relaxed);
        let mut all = Record::default();
        for caller in self.callers {
            let record = caller.join().unwrap();
            all.writes.extend(record.writes);
            all.samples.extend(record.samples);
        }
        all
    }
}

impl Record {
    /// Creates a client called `name` and returns its id.
    fn client(&mut self, stage: &Stage, name: &str) -> String {
        self.writes.push(Write { mark: name.to_owned(), is_acknowledged: true });
        stage.client(name)
    }

    /// Reads one client and a page of all clients in turn.
    fn read(mut self, caller: &Caller, client: &str, progress: &Progress) -> Self {
        let requests = [Request::get(format!("/v1/clients/{client}")), Request::get("/v1/clients?limit=10")];
        for request in requests.iter().cycle() {
            if progress.is_over.load(Ordering::Relaxed) {
                break;
            }
            let is_done = self.send(caller, request).is_some();
            progress.reads.fetch_add(usize::from(is_done), Ordering::Relaxed);
            thread::sleep(if is_done { THINKING } else { AGAIN_AFTER });
        }
        self
    }

    /// Sends `request` once. Returns the answer if it succeeded, and `None` for a temporary problem, an outdated
    /// version or a lost answer. Any other outcome fails the drill.
    fn send(&mut self, caller: &Caller, request: &Request) -> Option<Answer> {
        let sent = Instant::now();
        let answer = caller.send(request);
        let took = answer.as_ref().map_or_else(|lost| lost.took, |answer| answer.took);
        let outcome = Outcome::of(&answer);
        let is_expected =
            matches!(outcome, Outcome::Done | Outcome::Lost | Outcome::Problem(412, _)) || outcome.passes();
        assert!(is_expected, "{request:?} was answered {answer:?}");
        let is_change = request.method != "GET";
        self.samples.push(Sample { is_change, sent, took, outcome });
        answer.ok().filter(Answer::is_success)
    }

    /// Sends `request` until it succeeds.
    fn insist(&mut self, caller: &Caller, request: &Request) -> Answer {
        loop {
            if let Some(answer) = self.send(caller, request) {
                return answer;
            }
            thread::sleep(AGAIN_AFTER);
        }
    }
}

/// A caller who creates and changes objects in turn, each with its own mark.
struct Writer {
    number: usize,
    caller: Caller,
    product: String,
    /// The client that only this writer changes, and its version.
    changed: (String, String),
    /// The client of interactions and orders. Every interaction gives it a new version.
    visited: String,
    progress: Arc<Progress>,
    record: Record,
}

impl Writer {
    fn new(stage: &Stage, number: usize, product: &str, progress: &Arc<Progress>) -> Self {
        let mut record = Record::default();
        let changed = record.client(stage, &format!("changed by {number}"));
        let visited = record.client(stage, &format!("visited by {number}"));
        Self {
            number,
            caller: stage.caller(),
            product: product.to_owned(),
            changed: (changed, "\"1\"".to_owned()),
            visited,
            progress: Arc::clone(progress),
            record,
        }
    }

    fn run(mut self) -> Record {
        for turn in 0.. {
            if self.progress.is_over.load(Ordering::Relaxed) {
                break;
            }
            match turn % 4 {
                0 => self.create(turn),
                1 => self.change(turn),
                2 => self.visit(turn),
                _ => self.order(turn),
            }
        }
        self.record
    }

    fn mark(&self, what: &str, turn: usize) -> String {
        format!("{what} {turn} of {}", self.number)
    }

    fn note(&mut self, mark: String, is_acknowledged: bool) {
        self.progress.changes.fetch_add(usize::from(is_acknowledged), Ordering::Relaxed);
        self.record.writes.push(Write { mark, is_acknowledged });
    }

    /// Creates a client. Now and then the writer does not repeat a request without an answer, and never learns the
    /// outcome.
    fn create(&mut self, turn: usize) {
        let mark = self.mark("client", turn);
        let request = Request::post("/v1/clients", &*mark, json!({"kind": "organization", "name": mark}));
        let is_patient = !(turn / 4).is_multiple_of(IMPATIENT);
        let is_done = self.record.send(&self.caller, &request).is_some();
        if is_patient && !is_done {
            thread::sleep(AGAIN_AFTER);
            self.record.insist(&self.caller, &request);
        }
        self.note(mark, is_done || is_patient);
    }

    /// Changes a client, without an idempotency key: when the answer is lost, reading the client shows whether the
    /// change was made.
    fn change(&mut self, turn: usize) {
        let mark = self.mark("change", turn);
        let path = format!("/v1/clients/{}", self.changed.0);
        let mut is_sent_before = false;
        loop {
            let request = Request::patch(&*path, &*self.changed.1, json!({"industry": mark}));
            if let Some(answer) = self.record.send(&self.caller, &request) {
                answer.etag().clone_into(&mut self.changed.1);
                break;
            }
            assert!(is_sent_before || !self.record.ended_outdated(), "somebody else has changed {path}");
            is_sent_before = true;
            thread::sleep(AGAIN_AFTER);
            let now = self.record.insist(&self.caller, &Request::get(&*path));
            now.etag().clone_into(&mut self.changed.1);
            if now.body["industry"] == *mark {
                break;
            }
        }
        self.note(mark, true);
    }

    fn visit(&mut self, turn: usize) {
        let mark = self.mark("visit", turn);
        let body = json!({"client_id": self.visited, "channel": "visit", "direction": "outbound",
            "purpose": "negotiation", "subject": mark});
        self.record.insist(&self.caller, &Request::post("/v1/interactions", &*mark, body));
        self.note(mark, true);
    }

    /// Creates a draft of an order and submits it.
    fn order(&mut self, turn: usize) {
        let mark = self.mark("draft", turn);
        let lines = json!([{"product_id": self.product, "quantity": "2"}]);
        let body = json!({"client_id": self.visited, "comment": mark, "lines": lines});
        let draft = self.record.insist(&self.caller, &Request::post("/v1/orders", &*mark, body));
        self.note(mark, true);
        let mark = self.mark("submission", turn);
        let path = format!("/v1/orders/{}/submit", draft.text("id"));
        let submission = Request::post(path, &*mark, json!({"reason": mark}));
        let submission = Request { if_match: Some(draft.etag().to_owned()), ..submission };
        self.record.insist(&self.caller, &submission);
        self.note(mark, true);
    }
}
