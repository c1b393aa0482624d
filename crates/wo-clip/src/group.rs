//! The processes of one run, and what they exchange: sums, and what the first of them has.
//!
//! All of them call the same functions in the same order, as in all such groups. Tensors on the CPU go by Gloo, those on a
//! GPU by NCCL. Whoever ends early closes connections, so that the others end as well instead of waiting for ever.

mod exchange;
mod farewell;
mod fault;
mod link;
mod meeting;
mod nccl;
mod patience;
mod rendezvous;
mod slices;

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tch::{Device, Kind, Tensor, no_grad};
use wo_cli::{Error, Exit, error};

use crate::native::NativeError;
use exchange::Exchange;
pub use exchange::Traffic;
pub use farewell::Farewell;
use farewell::{LAST_WORDS, last_words};
use fault::{lost, plain, unreachable};
use link::{Gloo, Store, StorePlace};
use meeting::Met;
use nccl::Nccl;
use patience::Patience;
pub use rendezvous::Rendezvous;
pub use slices::Slices;

/// Bytes that are summed at once: enough that the time goes into sending, and little beside the model.
const BUCKET: usize = 32 << 20;

/// The processes of a run, as one of them sees them.
#[derive(Debug)]
pub struct Group {
    rank: usize,
    world: usize,
    link: Option<Link>,
    keeps_store: bool,
    nccl: OnceCell<Nccl>,
    is_lost: Cell<bool>,
    traffic: Cell<Traffic>,
}

/// The connections to the other processes.
struct Link {
    gloo: Gloo,
    store: Arc<Store>,
    met: Met,
}

impl Group {
    /// A process that is alone.
    pub fn alone() -> Self {
        Self {
            rank: 0,
            world: 1,
            link: None,
            keeps_store: false,
            nccl: OnceCell::new(),
            is_lost: Cell::new(false),
            traffic: Cell::default(),
        }
    }

    /// Waits for all others, and connects with them.
    pub fn join(at: &Rendezvous) -> Result<Self, Error> {
        let patience = Patience::of_environment()?;
        let (rank, world) = (at.rank, at.world);
        let place = StorePlace {
            host: &at.host,
            port: at.port,
            prefix: &at.prefix,
            is_here: rank == 0 && !at.is_kept_by_torchrun,
        };
        let store = Store::open(place, patience.to_join).map_err(|e| unreachable(at, &e))?;
        let met = meeting::meet(&store, at, patience.to_join)?;
        let gloo = Gloo::open(&store, (rank, world), met.address, patience);
        let gloo = gloo.map_err(|e| lost(at, &e))?;
        let mut group = Self::alone();
        (group.rank, group.world) = (rank, world);
        group.keeps_store = place.is_here;
        group.link = Some(Link {
            gloo,
            store: Arc::new(store),
            met,
        });
        Ok(group)
    }

    /// The number of this process, from 0.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// How many processes there are.
    pub fn world(&self) -> usize {
        self.world
    }

    /// Whether there is no other process.
    pub fn is_alone(&self) -> bool {
        self.world == 1
    }

    /// Whether this is the process that speaks and writes.
    pub fn is_first(&self) -> bool {
        self.rank == 0
    }

    /// The number of this process on its machine.
    pub fn local_rank(&self) -> usize {
        self.link.as_ref().map_or(0, |it| it.met.local_rank)
    }

    /// How many processes are on its machine.
    pub fn n_local(&self) -> usize {
        self.link.as_ref().map_or(1, |it| it.met.n_local)
    }

    /// Whether another process was lost. What comes of a sum is then not to be used.
    pub fn is_lost(&self) -> bool {
        self.is_lost.get()
    }

    /// What tells the others why this process ends.
    pub fn farewell(&self) -> Farewell {
        let of = |link: &Link| Farewell::of(Arc::clone(&link.store), self.rank);
        self.link.as_ref().map(of).unwrap_or_default()
    }

    /// Ends this process's part after an error: tells the others why, and closes the connections at which they notice it. Who
    /// keeps the store waits until they have read it.
    pub fn leave(mut self, why: &str) {
        if self.is_lost() {
            return;
        }
        self.farewell().say(why);
        if let Some(Link { gloo, store, .. }) = self.link.take() {
            drop(gloo);
            if self.keeps_store {
                std::thread::sleep(LAST_WORDS);
            }
            drop(store);
        }
    }

    /// What was exchanged since the last call.
    pub fn take_traffic(&self) -> Traffic {
        self.traffic.take()
    }

    /// The parts of things that are this process's.
    pub fn slices(&self) -> Slices {
        Slices {
            rank: self.rank,
            world: self.world,
        }
    }

    /// The part of `n` things that is this process's.
    pub fn slice(&self, n: usize) -> Range<usize> {
        self.slices().of(n)
    }

    /// Has sums of tensors on this device go by NCCL, if it is a GPU. All processes call it.
    pub fn use_device(&self, device: Device) -> Result<(), Error> {
        let Device::Cuda(index) = device else {
            return Ok(());
        };
        if self.is_alone() || self.nccl.get().is_some() {
            return Ok(());
        }
        let library = nccl::Library::open()?;
        let id = if self.is_first() {
            library.new_id()?
        } else {
            Vec::new()
        };
        let id = self.broadcast_bytes(&id)?;
        let limit = Patience::of_environment()?.to_exchange;
        let nccl = library.join(&id, (self.rank, self.world), index, limit)?;
        let _ = self.nccl.set(nccl);
        Ok(())
    }

    /// Replaces each tensor by its sum over all processes. Tensors of 32-bit floats on one device.
    pub fn sum(&self, tensors: &[&Tensor]) -> Result<(), Error> {
        self.exchange(tensors, Exchange::Sum)
    }

    /// Replaces each tensor by that of the first process. Tensors of 32-bit floats on one device.
    pub fn broadcast(&self, tensors: &[&Tensor]) -> Result<(), Error> {
        self.exchange(tensors, Exchange::Broadcast)
    }

    /// Sums numbers over all processes, place by place.
    pub fn sum_numbers(&self, numbers: &[f64]) -> Result<Vec<f64>, Error> {
        if self.is_alone() {
            return Ok(numbers.to_vec());
        }
        let tensor = Tensor::from_slice(numbers);
        self.one(&tensor, Exchange::Sum)?;
        Ok(Vec::try_from(tensor).expect("one row of doubles"))
    }

    /// Whether it holds in any process.
    // A bool, which is what is asked about.
    pub fn any(&self, holds: bool) -> Result<bool, Error> {
        Ok(self.sum_numbers(&[f64::from(u8::from(holds))])?[0] > 0.0)
    }

    /// What the first process makes, for all. The others make nothing.
    pub fn from_first<T: Serialize + DeserializeOwned>(
        &self,
        make: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        if self.is_alone() {
            return make();
        }
        if self.is_first() {
            let made = make()?;
            self.broadcast_bytes(&serde_json::to_vec(&made)?)?;
            return Ok(made);
        }
        Ok(serde_json::from_slice(&self.broadcast_bytes(&[])?)?)
    }

    /// Which processes hold another text than the first.
    pub fn who_differs(&self, text: &str) -> Result<Vec<usize>, Error> {
        if self.is_alone() {
            return Ok(Vec::new());
        }
        let own = blake3::hash(text.as_bytes());
        let first = self.broadcast_bytes(own.as_bytes())?;
        let mut differs = vec![0.0; self.world];
        differs[self.rank] = f64::from(u8::from(first != own.as_bytes()));
        let differs = self.sum_numbers(&differs)?;
        Ok((0..self.world)
            .filter(|&rank| differs[rank] > 0.0)
            .collect())
    }

    /// Does work that leaves something on disks which the same work of other processes finds: first the first process,
    /// then one on each other machine, then all others.
    pub fn in_turns<T>(&self, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        if self.is_alone() {
            return work();
        }
        let turn = match (self.rank, self.local_rank()) {
            (0, _) => 0,
            (_, 0) => 1,
            _ => 2,
        };
        let mut work = Some(work);
        let mut done = None;
        for now in 0..3 {
            if let Some(work) = work.take_if(|_| now == turn) {
                done = Some(work()?);
            }
            self.sum_numbers(&[0.0])?;
        }
        Ok(done.expect("each process has a turn"))
    }

    fn broadcast_bytes(&self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let n_bytes = Tensor::from_slice(&[bytes.len() as i64]);
        self.one(&n_bytes, Exchange::Broadcast)?;
        let tensor = if self.is_first() {
            Tensor::from_slice(bytes)
        } else {
            Tensor::zeros([n_bytes.int64_value(&[0])], (Kind::Uint8, Device::Cpu))
        };
        if tensor.numel() > 0 {
            self.one(&tensor, Exchange::Broadcast)?;
        }
        Ok(Vec::try_from(tensor).expect("one row of bytes"))
    }

    /// Exchanges tensors in buckets, so that many small ones are sent at once.
    fn exchange(&self, tensors: &[&Tensor], what: Exchange) -> Result<(), Error> {
        if self.is_alone() {
            return Ok(());
        }
        let mut rest = tensors;
        while !rest.is_empty() {
            let mut n_bytes = 0;
            let fits = |it: &&&Tensor| {
                n_bytes += 4 * it.numel();
                n_bytes <= BUCKET
            };
            let n = rest.iter().take_while(fits).count().max(1);
            let (bucket, after) = rest.split_at(n);
            rest = after;
            no_grad(|| self.bucket(bucket, what))?;
        }
        Ok(())
    }

    fn bucket(&self, tensors: &[&Tensor], what: Exchange) -> Result<(), Error> {
        if let [one] = tensors
            && one.is_contiguous()
        {
            return self.one(one, what);
        }
        let flat: Vec<Tensor> = tensors.iter().map(|it| it.detach().reshape([-1])).collect();
        let flat = Tensor::cat(&flat, 0);
        self.one(&flat, what)?;
        let mut first = 0;
        for tensor in tensors {
            let n = tensor.numel() as i64;
            let part = flat.narrow(0, first, n).view_as(tensor);
            tensor.detach().copy_(&part);
            first += n;
        }
        Ok(())
    }

    /// Exchanges one dense tensor.
    fn one(&self, tensor: &Tensor, what: Exchange) -> Result<(), Error> {
        let Some(link) = &self.link else {
            return Ok(());
        };
        let since = Instant::now();
        let tensor = tensor.detach();
        let done = match (self.nccl.get(), what) {
            (Some(nccl), what) if tensor.device().is_cuda() => nccl.exchange(&tensor, what),
            (_, Exchange::Sum) => link.gloo.sum(&tensor),
            (_, Exchange::Broadcast) => link.gloo.broadcast(&tensor),
        };
        let mut traffic = self.traffic.get();
        traffic.n_bytes += (tensor.numel() * tensor.kind().elt_size_in_bytes()) as u64;
        traffic.time += since.elapsed();
        self.traffic.set(traffic);
        done.map_err(|error| self.lost(link, &error))
    }

    /// The error of an exchange that failed, with the words of the process that ended first, where it had some.
    fn lost(&self, link: &Link, error: &NativeError) -> Error {
        self.is_lost.set(true);
        let gone = || {
            let why = format!("another process is gone ({})", plain(error));
            (why, Exit::Io)
        };
        let (why, exit) = last_words(&link.store).unwrap_or_else(gone);
        error!(
            exit,
            "{why}";
            "the process that ended first says why, unless it was killed; the same command goes on from the last snapshot"
        )
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Work that was never done may be waited for without end; the process ends anyway.
        if self.is_lost.get() {
            std::mem::forget(self.link.take());
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("met", &self.met)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
