//! Keeps the lives of a run going, from the plan to the last of them.
//!
//! Owns how many live at once, and what becomes of shots that wait for others.
//! Never looks into a life: that is `life`.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::FuturesOrdered;
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};

use crate::engine::checks::Checks;
use crate::engine::host::{Host as _, Rules};
use crate::engine::life;
use crate::engine::local::Local;
use crate::engine::schedule::{End, Free, Ready, Schedule};
use crate::event::{Decision, EventKind, PendingReason, ShotFacts, SkipReason};
use crate::id::{ShotId, TaskId};
use crate::plan::{Job, Later, Looked, Plan};
use crate::provider::Provider;
use crate::store::Store;
use crate::verdict::Examiner;

/// Tells the facts, lives every shot, and says that it is over. Returns the
/// paid tasks that could not be written down.
pub(super) async fn carry_out<P: Provider>(
    plan: Plan,
    local: &Arc<Local<P>>,
    rules: Rules,
    concurrency: usize,
    examiner: Option<Arc<Examiner>>,
) -> Vec<(ShotId, TaskId)> {
    let mut schedule = Schedule::new(&plan.facts.shots, &plan.graph);
    let checks = Checks::new(examiner, &plan.facts.shots);
    // What is there already needs no second copy: in most runs that is nearly all.
    let to_do: Vec<(ShotFacts, Job)> = plan
        .facts
        .shots
        .iter()
        .zip(plan.jobs)
        .filter(|(shot, _)| shot.decision != Decision::Reuse)
        .map(|(shot, job)| (shot.clone(), job))
        .collect();
    let mut unrecorded = Vec::new();
    let started = EventKind::RunStarted(Box::new(plan.facts));
    if local.recorder.record(started).await.is_err() {
        return unrecorded;
    }
    let mut settled = Vec::new();
    for (shot, job) in to_do {
        match end_without_a_call(local, &shot, &job) {
            Some(end) => settled.push(end),
            None => schedule.add(shot, job),
        }
    }
    for end in settled {
        if local.recorder.record(end).await.is_err() {
            return unrecorded;
        }
    }
    let mut film = Film {
        local,
        rules,
        later: Arc::new(plan.later),
        schedule,
        lives: JoinSet::new(),
        living: 0,
        ready: VecDeque::new(),
        looks: FuturesOrdered::new(),
        checks,
    };
    film.play(concurrency, &mut unrecorded).await;
    local.gate.conclude();
    if let Some(reason) = local.gate.announce() {
        let stopping = EventKind::RunStopping { reason };
        let _ = local.recorder.record(stopping).await;
    }
    // When the ledger failed this cannot be written either, and need not be.
    let _ = local.recorder.record(EventKind::RunFinished).await;
    unrecorded
}

/// The ledger failed: nothing more is begun, and what lives comes to its end.
struct Broken;

/// A life that came to its end.
struct Lived {
    shot: ShotFacts,
    /// Whether it took a place among `concurrency`.
    placed: bool,
    end: Result<End, Option<TaskId>>,
}

/// Who waits for its admission, and what becomes of it when there is none.
type Door = Option<Pin<Box<dyn Future<Output = (ShotFacts, Job, Option<EventKind>)> + Send>>>;

/// Never comes back where nobody is at the door.
async fn at(door: &mut Door) -> (ShotFacts, Job, Option<EventKind>) {
    match door {
        Some(waiting) => waiting.await,
        None => std::future::pending().await,
    }
}

/// A run in the middle.
struct Film<'a, P> {
    local: &'a Arc<Local<P>>,
    rules: Rules,
    later: Arc<Later>,
    schedule: Schedule,
    lives: JoinSet<Lived>,
    /// Lives that hold a place.
    living: usize,
    /// Shots whose frames can be taken, in the order in which they were freed.
    ready: VecDeque<Ready>,
    /// Shots whose frames are being taken. They are decided on in the order in
    /// which they were freed, so that of two that ask for one video it is never
    /// a race which of them has it.
    looks: FuturesOrdered<JoinHandle<Looked>>,
    /// Videos that are judged; no shot waits for that.
    checks: Checks,
}

/// Frames that are taken at once: each is a decoder at work, or a program.
const LOOKING: usize = 2;

impl<P: Provider> Film<'_, P> {
    /// Keeps up to `concurrency` lives going until nothing is left.
    ///
    /// Whoever waits for its turn to create stands alone at the door, and what
    /// ends meanwhile is looked after: a shot that it frees may come first.
    async fn play(&mut self, concurrency: usize, unrecorded: &mut Vec<(ShotId, TaskId)>) {
        let mut broken = false;
        let mut door: Door = None;
        loop {
            if door.is_none()
                && !broken
                && let Some((shot, job)) = self.schedule.next(self.living < concurrency)
            {
                let local = Arc::clone(self.local);
                door = Some(Box::pin(async move {
                    let end = turned_away(&local, &shot).await;
                    (shot, job, end)
                }));
            }
            if !broken {
                broken = self.look().await.is_err();
            }
            self.check(broken);
            if door.is_none() && self.lives.is_empty() && self.looks.is_empty() {
                if !self.checks.is_idle() {
                    // Nothing else is to be done; what a verdict frees is nothing.
                    let checked = self.checks.next().await;
                    broken |= self.checked(checked, broken).await.is_err();
                    continue;
                }
                if !broken && self.strand().await.is_ok() && self.is_begun() {
                    continue;
                }
                return;
            }
            let result = tokio::select! {
                biased;
                Some(lived) = self.lives.join_next() => match lived {
                    Ok(lived) => self.take_in(lived, unrecorded).await,
                    Err(panic) => std::panic::resume_unwind(panic.into_panic()),
                },
                Some(looked) = self.looks.next() => match looked {
                    Ok(looked) => self.looked(looked).await,
                    Err(panic) => std::panic::resume_unwind(panic.into_panic()),
                },
                checked = self.checks.next() => self.checked(checked, broken).await,
                (shot, job, end) = at(&mut door) => {
                    door = None;
                    match end {
                        _ if broken => Ok(()),
                        Some(end) => self.turn_away(&shot, end).await,
                        None => {
                            self.begin(shot, job);
                            Ok(())
                        }
                    }
                }
            };
            broken |= result.is_err();
        }
    }

    /// Begins to judge what is there, unless the run is to end.
    fn check(&mut self, broken: bool) {
        let gate = &self.local.gate;
        if broken || gate.interrupted.is_cancelled() {
            self.checks.leave();
        }
        self.checks.begin();
    }

    /// Tells a verdict.
    async fn checked(&mut self, checked: Option<EventKind>, broken: bool) -> Result<(), Broken> {
        match checked {
            Some(checked) if !broken => self.record(checked).await,
            _ => Ok(()),
        }
    }

    async fn turn_away(&mut self, shot: &ShotFacts, end: EventKind) -> Result<(), Broken> {
        let pending = matches!(end, EventKind::ShotPending { .. });
        self.record(end).await?;
        let end = if pending { End::Pending } else { End::Without };
        self.ended(&shot.id, end).await
    }

    /// Lets an admitted shot live.
    fn begin(&mut self, shot: ShotFacts, job: Job) {
        let placed = !matches!(job, Job::Settle { .. });
        self.living += usize::from(placed);
        let (local, rules) = (Arc::clone(self.local), self.rules);
        // Awaited in `play`: no life outlives it.
        self.lives.spawn(async move {
            let end = life::run_shot(&*local, &rules, &shot, &job).await;
            Lived { shot, placed, end }
        });
    }

    async fn take_in(
        &mut self,
        lived: Lived,
        unrecorded: &mut Vec<(ShotId, TaskId)>,
    ) -> Result<(), Broken> {
        let Lived { shot, placed, end } = lived;
        self.living -= usize::from(placed);
        match end {
            Ok(end) => {
                if let End::Saved(video) = &end {
                    self.checks.add(&shot, video);
                }
                self.ended(&shot.id, end).await
            }
            Err(task) => {
                unrecorded.extend(task.map(|task| (shot.id, task)));
                Err(Broken)
            }
        }
    }

    /// Decides on a shot that has its frames.
    async fn looked(&mut self, looked: Looked) -> Result<(), Broken> {
        for (facts, job) in self.later.decide(looked) {
            let facts = adopted(facts, &self.local.store).await;
            self.decided(facts, job).await?;
        }
        Ok(())
    }

    /// Tells what a shot that waited is now, and puts it where it belongs.
    async fn decided(&mut self, facts: ShotFacts, job: Job) -> Result<(), Broken> {
        let told = EventKind::ShotDecided(Box::new(facts.clone()));
        self.record(told).await?;
        if let Some(video) = &facts.existing {
            self.checks.add(&facts, video);
            let end = End::Saved(video.clone());
            return Box::pin(self.ended(&facts.id, end)).await;
        }
        if let Some(end) = end_without_a_call(self.local, &facts, &job) {
            self.record(end).await?;
            return Box::pin(self.ended(&facts.id, End::Without)).await;
        }
        self.schedule.add(facts, job);
        Ok(())
    }

    /// Looks after all that waited for a shot, and for what waited for that.
    async fn ended(&mut self, shot: &ShotId, end: End) -> Result<(), Broken> {
        let mut ends = vec![(shot.clone(), end)];
        while let Some((shot, end)) = ends.pop() {
            for free in self.schedule.ended(&shot, &end) {
                match free {
                    Free::Ready(ready) => self.ready.push_back(ready),
                    Free::Barred { facts, by, pending } => {
                        let id = facts.id.clone();
                        self.bar(*facts, by, pending).await?;
                        let end = if pending { End::Pending } else { End::Without };
                        ends.push((id, end));
                    }
                }
            }
        }
        Ok(())
    }

    /// Begins to take frames for shots that are ready; where the run is to end,
    /// says so of them instead.
    async fn look(&mut self) -> Result<(), Broken> {
        while self.looks.len() < LOOKING
            && let Some(ready) = self.ready.pop_front()
        {
            let gate = &self.local.gate;
            if gate.interrupted.is_cancelled() || gate.halted.is_cancelled() {
                let id = ready.facts.id.clone();
                let by = ready.shot.request.waits_for().into_iter().next();
                self.bar(*ready.facts, by.unwrap_or_else(|| id.clone()), false)
                    .await?;
                self.ended(&id, End::Without).await?;
                continue;
            }
            let later = Arc::clone(&self.later);
            let look = spawn_blocking(move || later.look(&ready.shot, &ready.videos));
            self.looks.push_back(look);
        }
        Ok(())
    }

    /// No shot ends without a word, also where nobody makes what it waits for.
    async fn strand(&mut self) -> Result<(), Broken> {
        for facts in self.schedule.stranded() {
            let by = facts.depends_on.first().unwrap_or(&facts.id).clone();
            self.bar(facts, by, false).await?;
        }
        Ok(())
    }

    /// Whether there is something to do after all.
    fn is_begun(&self) -> bool {
        !self.lives.is_empty() || !self.looks.is_empty() || !self.schedule.is_empty()
    }

    /// Says of a shot that a video is missing that it needs a frame of.
    async fn bar(&mut self, facts: ShotFacts, by: ShotId, pending: bool) -> Result<(), Broken> {
        let gate = &self.local.gate;
        let reason = if gate.interrupted.is_cancelled() {
            SkipReason::Interrupted
        } else if gate.halted.is_cancelled() {
            SkipReason::Stopped
        } else if pending {
            SkipReason::NotYet { by }
        } else {
            let why = format!("needs a frame of `{by}`, which has no video");
            SkipReason::Blocked { by, why }
        };
        let shot = facts.id.clone();
        self.record(EventKind::ShotSkipped { shot, reason }).await?;
        for (facts, job) in self.later.released(&facts) {
            Box::pin(self.decided(facts, job)).await?;
        }
        Ok(())
    }

    async fn record(&self, kind: EventKind) -> Result<(), Broken> {
        self.local.record(kind).await.map_err(|_| Broken)
    }
}

/// A video that was made for the shot under another name gets the shot's name
/// too. Where that cannot be, the shot is told to have it where it is.
async fn adopted(mut facts: ShotFacts, store: &Arc<Store>) -> ShotFacts {
    if let Some(video) = &mut facts.existing
        && video.path != facts.file
    {
        let (store, file, there) = (Arc::clone(store), facts.file.clone(), video.clone());
        let copied = spawn_blocking(move || store.adopt(&there, &file)).await;
        if let Ok(Ok(saved)) = copied {
            video.path = saved.path;
        }
    }
    facts
}

/// Waits for a shot's admission; says what becomes of it when there is none.
async fn turned_away<P: Provider>(local: &Local<P>, shot: &ShotFacts) -> Option<EventKind> {
    if let Some(end) = too_late(local, shot) {
        return Some(end);
    }
    if !shot.decision.pays() {
        return None;
    }
    let reason = local.admit(shot).await.err()?;
    let shot = shot.id.clone();
    Some(EventKind::ShotSkipped { shot, reason })
}

/// What becomes of a shot whose turn comes after the run was told to end.
fn too_late<P>(local: &Local<P>, shot: &ShotFacts) -> Option<EventKind> {
    let interrupted = local.gate.interrupted.is_cancelled();
    if !interrupted && !local.gate.halted.is_cancelled() {
        return None;
    }
    let id = shot.id.clone();
    Some(match (shot.decision, interrupted) {
        (Decision::Uncertain, _) => return decided_end(shot),
        (Decision::Resume, true) => EventKind::ShotPending {
            shot: id,
            reason: PendingReason::Interrupted,
        },
        (Decision::Resume, false) => EventKind::ShotPending {
            shot: id,
            reason: PendingReason::Stopped,
        },
        (_, true) => EventKind::ShotSkipped {
            shot: id,
            reason: SkipReason::Interrupted,
        },
        (_, false) => EventKind::ShotSkipped {
            shot: id,
            reason: SkipReason::Stopped,
        },
    })
}

/// The end of a shot for which nothing is done in this run; an unanswered creation
/// is waited for where the service can call back.
fn end_without_a_call<P: Provider>(
    local: &Local<P>,
    shot: &ShotFacts,
    job: &Job,
) -> Option<EventKind> {
    let listens = local.is_listening() && matches!(job, Job::Settle { .. });
    decided_end(shot).filter(|_| !listens)
}

/// The end of a shot for which the plan already said that nothing will be called.
fn decided_end(shot: &ShotFacts) -> Option<EventKind> {
    let id = shot.id.clone();
    let why = shot.reason.clone();
    let reason = match shot.decision {
        Decision::Create
        | Decision::Replace
        | Decision::Reuse
        | Decision::Resume
        | Decision::Wait => return None,
        Decision::Elsewhere => {
            return Some(EventKind::ShotPending {
                shot: id,
                reason: PendingReason::Elsewhere { why },
            });
        }
        Decision::Uncertain => SkipReason::Uncertain { why },
        Decision::Failed => SkipReason::FailedEarlier { why },
        Decision::Blocked => SkipReason::Blocked {
            by: shot.depends_on.first().unwrap_or(&shot.id).clone(),
            why,
        },
    };
    Some(EventKind::ShotSkipped { shot: id, reason })
}
