//! The places where messages lie from publishing to settlement, and the tags that name a delivery.

/// Names one delivery of one message: the slot where it lies and which of the slot's deliveries this is.
///
/// A tag is good until the delivery is settled. Afterwards it names nothing, even if the slot holds another
/// message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    slot: u32,
    generation: u32,
}

impl Tag {
    pub(super) fn slot(self) -> u32 {
        self.slot
    }
}

impl From<Tag> for u64 {
    /// A number to carry the tag in where only numbers go.
    fn from(tag: Tag) -> u64 {
        u64::from(tag.slot) << 32 | u64::from(tag.generation)
    }
}

impl From<u64> for Tag {
    fn from(number: u64) -> Tag {
        Tag { slot: (number >> 32) as u32, generation: number as u32 }
    }
}

/// A growing table of messages with reuse of places.
#[derive(Debug, Clone)]
// In this order, for what is written in every call stands together in a state.
#[repr(C)]
pub(super) struct Slots<E> {
    /// The slot that became free last, kept here for the next message: where one message at a time passes
    /// from thread to thread, a cache line less has to follow it.
    spare: Option<u32>,
    free: Vec<u32>,
    slots: Vec<Slot<E>>,
}

#[derive(Debug, Clone)]
struct Slot<E> {
    /// Moves on whenever the message changes hands, so that old tags stop fitting.
    generation: u32,
    leased: bool,
    entry: Option<E>,
}

impl<E> Slots<E> {
    /// What a message takes.
    #[cfg(test)]
    pub(super) const BYTES: usize = size_of::<Slot<E>>();

    pub(super) fn with_capacity(capacity: usize) -> Self {
        Slots { slots: Vec::with_capacity(capacity), free: Vec::with_capacity(capacity), spare: None }
    }

    /// Puts a message into a free slot.
    ///
    /// # Panics
    /// With 2³² messages inside.
    #[inline]
    pub(super) fn insert(&mut self, entry: E) -> u32 {
        if let Some(slot) = self.spare.take().or_else(|| self.free.pop()) {
            self.slots[slot as usize].entry = Some(entry);
            return slot;
        }
        self.grow(entry)
    }

    #[cold]
    fn grow(&mut self, entry: E) -> u32 {
        let slot = u32::try_from(self.slots.len()).expect("fewer than 2^32 messages fit in memory");
        self.slots.push(Slot { generation: 0, leased: false, entry: Some(entry) });
        slot
    }

    /// The message of a slot that holds one.
    #[inline]
    pub(super) fn get(&self, slot: u32) -> &E {
        self.slots[slot as usize].entry.as_ref().expect("a message in line or away is in its slot")
    }

    #[inline]
    pub(super) fn get_mut(&mut self, slot: u32) -> &mut E {
        self.slots[slot as usize].entry.as_mut().expect("a message in line or away is in its slot")
    }

    /// Hands a slot's message out, and returns the tag of this delivery.
    #[inline]
    pub(super) fn lease(&mut self, slot: u32) -> Tag {
        let place = &mut self.slots[slot as usize];
        place.leased = true;
        Tag { slot, generation: place.generation }
    }

    /// The message of a delivery under way.
    pub(super) fn leased(&mut self, tag: Tag) -> Option<&mut E> {
        self.fitting(tag, true)?.entry.as_mut()
    }

    /// Ends a delivery and keeps the message; `None` if the tag names no delivery under way. The new tag fits
    /// until the message is delivered and settled again.
    pub(super) fn release(&mut self, tag: Tag) -> Option<Tag> {
        let place = self.fitting(tag, true)?;
        place.generation = place.generation.wrapping_add(1);
        place.leased = false;
        Some(Tag { generation: place.generation, ..tag })
    }

    /// Ends a delivery and takes the message out; `None` if the tag names no delivery that is under way.
    #[inline]
    pub(super) fn settle(&mut self, tag: Tag) -> Option<E> {
        let place = self.fitting(tag, true)?;
        place.generation = place.generation.wrapping_add(1);
        place.leased = false;
        let entry = place.entry.take();
        self.free_slot(tag.slot);
        entry
    }

    /// Takes a message out that is not under way.
    pub(super) fn remove(&mut self, slot: u32) -> E {
        let place = &mut self.slots[slot as usize];
        assert!(!place.leased, "a message under way is settled, never removed");
        place.generation = place.generation.wrapping_add(1);
        let entry = place.entry.take().expect("a ready slot holds a message");
        self.free_slot(slot);
        entry
    }

    #[inline]
    fn free_slot(&mut self, slot: u32) {
        if let Some(before) = self.spare.replace(slot) {
            self.free.push(before);
        }
    }

    #[inline]
    fn fitting(&mut self, tag: Tag, leased: bool) -> Option<&mut Slot<E>> {
        self.slots.get_mut(tag.slot as usize).filter(|p| p.generation == tag.generation && p.leased == leased)
    }
}
