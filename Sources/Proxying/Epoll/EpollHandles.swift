// SPDX-License-Identifier: Apache-2.0

/// Those that a loop watches, found by what the kernel says with an event.
///
/// An event may be told of a handle that another one of the same batch has ended, whose place belongs to somebody else
/// by now. So a place has a generation, and what is told of an earlier one is for nobody.
struct EpollHandles {
    struct Place {
        let slot: UInt32
        let generation: UInt32

        /// As the kernel knows it.
        var name: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
    }

    private struct Slot {
        var handle: EpollHandle?
        var generation: UInt32
    }

    private var slots: ContiguousArray<Slot> = []
    private var free: [UInt32] = []

    mutating func add(_ handle: EpollHandle) -> Place {
        if let slot = free.popLast() {
            slots[Int(slot)].handle = handle
            return Place(slot: slot, generation: slots[Int(slot)].generation)
        }
        slots.append(Slot(handle: handle, generation: 0))
        return Place(slot: UInt32(slots.count - 1), generation: 0)
    }

    mutating func replace(_ place: Place, with handle: EpollHandle) { slots[Int(place.slot)].handle = handle }

    mutating func remove(_ place: Place) {
        slots[Int(place.slot)].handle = nil
        // Safe: after four thousand million owners of one place nobody tells of the first.
        slots[Int(place.slot)].generation &+= 1
        free.append(place.slot)
    }

    @inline(__always)
    func handle(named name: UInt64) -> EpollHandle? {
        let index = Int(UInt32(truncatingIfNeeded: name))
        guard index < slots.count, slots[index].generation == UInt32(truncatingIfNeeded: name >> 32) else { return nil }
        return slots[index].handle
    }

    var all: [EpollHandle] { slots.compactMap(\.handle) }
}
