// SPDX-License-Identifier: Apache-2.0

package import Core

/// What a mirror's answers differ in, as it is shown to people.
package struct ComparisonReport: Sendable {
    /// A place where answers have differed.
    package struct Place: Sendable {
        /// With `[*]` for any element of an array.
        package var place: ComparedPlace
        /// Comparisons in which the candidate differed there.
        package var differences: Int
        /// Measurements in which the primary differed from itself there.
        package var noise: Int
        /// Whether that is more than noise explains.
        package var isReported: Bool
        package var example: ResponseDifference
    }

    /// A request whose answers differed by more than noise.
    package struct Sample: Sendable {
        package var time: UTCTime
        package var method: String
        package var path: String
        package var differences: [ResponseDifference]
    }

    package var compared = 0
    package var equal = 0
    /// Different only where two answers of the primary are.
    package var noise = 0
    package var different = 0
    /// Comparisons for which the primary was asked twice.
    package var measured = 0
    /// Requests that the primary was asked again: of some there is no comparison, or no second answer.
    package var repeated = 0
    /// Not compared, because an answer was longer than what is kept.
    package var long = 0
    /// Answers that weren't whole or no HTTP.
    package var unreadable = 0
    /// Not compared, because too many were waiting to be.
    package var dropped = 0
    /// Differences at places beyond the most that are told apart.
    package var differencesElsewhere = 0
    package var places: [Place] = []
    /// Newest first.
    package var samples: [Sample] = []

    package init() {}
}

extension ComparisonReport {
    /// Writes the members of an object that the caller has begun.
    package func write(to json: inout JSONWriter) {
        json.field("compared", compared)
        json.field("equal", equal)
        json.field("noise", noise)
        json.field("different", different)
        json.field("measured", measured)
        json.field("repeated", repeated)
        json.field("long", long)
        json.field("unreadable", unreadable)
        json.field("dropped", dropped)
        json.field("differencesElsewhere", differencesElsewhere)
        json.key("places")
        json.beginArray()
        for place in places { place.write(to: &json) }
        json.endArray()
        json.key("samples")
        json.beginArray()
        for sample in samples { sample.write(to: &json) }
        json.endArray()
    }

    /// For people: a sentence, and the rows of a table of places.
    package var summary: String {
        let part = compared == 0 ? "" : " (\(different * 1000 / compared / 10).\(different * 1000 / compared % 10) %)"
        let missing = [(long, "too long"), (dropped, "dropped"), (unreadable, "unreadable")]
            .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        return "\(compared) compared: \(equal) equal, \(noise) noise, \(different) different\(part)"
            + (missing.isEmpty ? "" : "; not compared: \(missing)")
    }

    /// What became of the answers, for metrics.
    var outcomes: [(name: String, count: UInt64)] {
        [
            ("equal", equal), ("noise", noise), ("different", different), ("long", long), ("dropped", dropped),
            ("unreadable", unreadable),
        ].map { ($0.0, UInt64($0.1)) }
    }

    package static let headings = ["PLACE", "DIFFERENT", "NOISE", "VERDICT", "PRIMARY", "CANDIDATE"]

    package var rows: [[String]] {
        places.map { place in
            [
                "\(place.place)", "\(place.differences)", "\(place.noise)", place.isReported ? "different" : "noise",
                place.example.primary, place.example.candidate,
            ]
        }
    }
}

extension ComparisonReport.Place {
    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("place", "\(place)")
        json.field("differences", differences)
        json.field("noise", noise)
        json.field("reported", isReported)
        json.field("primary", example.primary)
        json.field("candidate", example.candidate)
        json.endObject()
    }
}

extension ComparisonReport.Sample {
    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("time", time.rfc3339)
        json.field("method", method)
        json.field("path", path)
        json.key("differences")
        json.beginArray()
        for difference in differences {
            json.beginObject()
            json.field("place", "\(difference.place)")
            json.field("primary", difference.primary)
            json.field("candidate", difference.candidate)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }
}
