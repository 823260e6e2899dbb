// SPDX-License-Identifier: Apache-2.0

/// What every log holds an append against.
extension EventAppend.Expectation {
    /// The revision that the first event would get; nil where any would do, and ids don't matter.
    package var place: Int64? {
        switch self {
        case .any, .exists: nil
        case .noStream: 0
        case .revision(let revision): max(min(revision, .max - 1) + 1, 0)
        }
    }

    /// Why a stream of which the next event gets `nextRevision` isn't as expected.
    package func refusal(nextRevision: Int64, _ stream: String) -> EventLogError? {
        let (isMet, expected) =
            switch self {
            case .any: (true, "")
            case .noStream: (nextRevision == 0, "no event")
            case .exists: (nextRevision > 0, "an event")
            case .revision(let revision): (nextRevision - 1 == revision, "revision \(revision)")
            }
        if isMet { return nil }
        let found = nextRevision == 0 ? "it has none" : "it is at revision \(nextRevision - 1)"
        return EventLogError(
            .expectationFailed, "the stream \(stream) was expected to have \(expected), but \(found)",
            lastRevision: nextRevision - 1)
    }
}

/// An event that is in a stream under an id that an append names, wherever it is.
package struct IdentifiedEvent: Sendable {
    package var position: Int64
    package var revision: Int64
    package var event: NewEvent

    package init(position: Int64, revision: Int64, event: NewEvent) {
        self.position = position
        self.revision = revision
        self.event = event
    }
}

extension EventAppend {
    /// The answer to an append that was made before: the result of the first time if its events are where they would
    /// be, from `place` on, and a conflict if their ids are used otherwise. Nil if the ids are new.
    ///
    /// `find`: the event that was appended to the stream under an id, by an append that expected a place.
    package func replay<Failure: Error>(
        from place: Int64, _ find: (String) throws(Failure) -> IdentifiedEvent?
    ) throws(Failure) -> Result<AppendedEvents, EventLogError>? {
        var ids: Set<ExactKey> = []
        var firstPosition: Int64?
        for (index, event) in events.enumerated() {
            let isNewHere = ids.insert(ExactKey(event.id)).inserted
            let stored = try find(event.id)
            guard isNewHere else { return .failure(conflict(event.id)) }
            guard let stored else {
                if firstPosition != nil { return .failure(conflict(event.id)) }
                continue
            }
            guard stored.revision - Int64(index) == place, stored.event.hasContent(of: event),
                index == 0 || firstPosition != nil
            else { return .failure(conflict(event.id)) }
            firstPosition = firstPosition ?? stored.position
        }
        return firstPosition.map {
            .success(AppendedEvents(firstPosition: $0, firstRevision: place, count: events.count))
        }
    }

    private func conflict(_ id: String) -> EventLogError {
        EventLogError(.idConflict, "the stream \(stream) has another event with the id \(id), or at another revision")
    }
}

extension NewEvent {
    /// Whether a repeated append means this event. Headers and expiry may differ, as those of a retry do.
    fileprivate func hasContent(of other: NewEvent) -> Bool {
        ExactKey(type) == ExactKey(other.type) && key.map(ExactKey.init) == other.key.map(ExactKey.init)
            && data == other.data
    }
}
