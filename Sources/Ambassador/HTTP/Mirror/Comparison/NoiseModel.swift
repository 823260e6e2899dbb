// SPDX-License-Identifier: Apache-2.0

/// Learns which places differ anyway.
///
/// A server that is asked the same twice doesn't answer the same: there are times, random ids, orders of sets. How
/// often a place differs between its two answers is the place's noise; a candidate is worth a look only where it
/// differs clearly more often than that.
package struct NoiseModel: Sendable {
    /// The most places that are told apart; differences anywhere else are counted together.
    package static let placesMax = 1000
    /// How much more often than by noise, as a part of both together: a place that differs in 60 of 100 answers of the
    /// candidate and in 40 by noise is just at it.
    package static let relativeExcessMin = 0.2
    /// How much more often than by noise, as a part of all comparisons.
    package static let absoluteExcessMin = 0.0003

    /// How often one place has differed.
    package struct Place: Sendable {
        package fileprivate(set) var differences = 0
        package fileprivate(set) var noise = 0
        /// The latest that the candidate said there.
        package fileprivate(set) var example: ResponseDifference?
    }

    package private(set) var places: [ComparedPlace: Place] = [:]
    package private(set) var comparisons = 0
    /// Those of which the noise was measured.
    package private(set) var measurements = 0
    /// Differences at places that there was no room for.
    package private(set) var differencesElsewhere = 0

    package init() {}

    /// Takes what differed between the primary and the candidate, and, where it was measured, between the primary and
    /// itself.
    package mutating func note(_ differences: [ResponseDifference], noise: [ResponseDifference]?) {
        comparisons += 1
        for difference in differences {
            let isKept = change(difference.place) { place in
                place.differences += 1
                place.example = difference
            }
            if !isKept { differencesElsewhere += 1 }
        }
        guard let noise else { return }
        measurements += 1
        for difference in noise { _ = change(difference.place) { $0.noise += 1 } }
    }

    private mutating func change(_ place: ComparedPlace, _ body: (inout Place) -> Void) -> Bool {
        let place = place.general
        guard places[place] != nil || places.count < Self.placesMax else { return false }
        body(&places[place, default: Place()])
        return true
    }

    /// Whether the candidate differs there more often than noise explains.
    package func isReported(_ place: Place) -> Bool {
        let differs = Double(place.differences) / Double(max(comparisons, 1))
        let noise = Double(place.noise) / Double(max(measurements, 1))
        let excess = differs - noise
        return excess > Self.absoluteExcessMin && excess / (differs + noise) > Self.relativeExcessMin
    }

    /// Whether a difference there is taken for noise.
    package func isNoise(_ place: ComparedPlace) -> Bool {
        guard let place = places[place.general], place.noise > 0 else { return false }
        return !isReported(place)
    }
}
