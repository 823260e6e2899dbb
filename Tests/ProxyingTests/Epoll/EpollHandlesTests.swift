// SPDX-License-Identifier: Apache-2.0

import TestKit
import Testing

@testable import Proxying

/// Whom a loop finds by what the kernel says with an event.
@Suite struct EpollHandlesTests {
    private let loop = EpollEventLoopGroup.singleton.loops[0]

    private func handle() -> EpollHandle { EpollHandle(loop, descriptor: -1) }

    @Test func `a handle is found by its name`() {
        var handles = EpollHandles()
        let (first, second) = (handle(), handle())
        let places = [handles.add(first), handles.add(second)]
        #expect(handles.handle(named: places[0].name) === first)
        #expect(handles.handle(named: places[1].name) === second)
        #expect(handles.all.count == 2)
    }

    @Test func `what is told of an earlier owner of a place is for nobody`() {
        var handles = EpollHandles()
        let old = handles.add(handle())
        handles.remove(old)
        #expect(handles.handle(named: old.name) == nil)
        let heir = handle()
        let new = handles.add(heir)
        #expect(new.slot == old.slot)
        #expect(handles.handle(named: old.name) == nil)
        #expect(handles.handle(named: new.name) === heir)
    }

    @Test func `who replaces another has its name`() {
        var handles = EpollHandles()
        let heir = handle()
        let place = handles.add(handle())
        handles.replace(place, with: heir)
        #expect(handles.handle(named: place.name) === heir)
        #expect(handles.all.count == 1)
    }

    @Test func `a name that nobody was given is nobody's`() {
        var handles = EpollHandles()
        #expect(handles.handle(named: 0) == nil)
        _ = handles.add(handle())
        #expect(handles.handle(named: 1) == nil)
        #expect(handles.handle(named: 1 << 32) == nil)
        #expect(handles.handle(named: .max) == nil)
    }

    @Test("Each name leads to its owner or to nobody", arguments: 1...10 as ClosedRange<UInt64>)
    func namesLeadToOwners(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        var handles = EpollHandles()
        var owners: [(place: EpollHandles.Place, handle: EpollHandle)] = []
        var former: [UInt64] = []
        for _ in 0..<1000 {
            if Bool.random(using: &numbers) || owners.isEmpty {
                let handle = handle()
                owners.append((handles.add(handle), handle))
            } else {
                let owner = owners.remove(at: Int.random(in: 0..<owners.count, using: &numbers))
                handles.remove(owner.place)
                former.append(owner.place.name)
            }
        }
        #expect(owners.allSatisfy { handles.handle(named: $0.place.name) === $0.handle })
        #expect(former.allSatisfy { handles.handle(named: $0) == nil })
        #expect(handles.all.count == owners.count)
    }
}
