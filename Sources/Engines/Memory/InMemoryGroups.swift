// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Synchronization

/// The groups of one in-memory log and who owns their partitions.
final class InMemoryGroups: Sendable {
    struct Group {
        var members: Set<Int> = []
        var owners: [Int: Int] = [:]
    }

    private struct State {
        var groups: [ExactKey: Group] = [:]
        var nextID = 0
    }

    private let state = Mutex(State())

    func join(_ group: String) -> InMemoryMember {
        let id = state.withLock { state in
            state.nextID += 1
            state.groups[ExactKey(group), default: Group()].members.insert(state.nextID)
            return state.nextID
        }
        return InMemoryMember(groups: self, group: group, id: id)
    }

    fileprivate func with<Answer: Sendable>(_ group: String, _ work: (inout Group) -> Answer) -> Answer {
        state.withLock { state in
            var entry = state.groups[ExactKey(group)] ?? Group()
            let answer = work(&entry)
            state.groups[ExactKey(group)] = entry.members.isEmpty ? nil : entry
            return answer
        }
    }
}

/// A member of a group in the same process; one that has left owns nothing, and is told so.
struct InMemoryMember: GroupMember {
    let groups: InMemoryGroups
    let group: String
    let id: Int

    func tryAcquire(_ partition: Int) throws(EventLogError) -> Bool {
        let isMine = groups.with(group) { group -> Bool? in
            guard group.members.contains(id) else { return nil }
            if let owner = group.owners[partition] { return owner == id }
            group.owners[partition] = id
            return true
        }
        return try present(isMine)
    }

    func release(_ partition: Int) {
        groups.with(group) { group in
            if group.owners[partition] == id { group.owners[partition] = nil }
        }
    }

    func memberCount() throws(EventLogError) -> Int {
        try present(groups.with(group) { $0.members.contains(id) ? $0.members.count : nil })
    }

    private func present<Answer>(_ answer: Answer?) throws(EventLogError) -> Answer {
        guard let answer else { throw EventLogError(.unavailable, "the member has left the group") }
        return answer
    }

    func leave() {
        groups.with(group) { group in
            group.members.remove(id)
            group.owners = group.owners.filter { $0.value != id }
        }
    }
}
