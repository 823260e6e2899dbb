// SPDX-License-Identifier: Apache-2.0

internal import Core

/// What all comparisons up to now have come to.
struct ComparisonLedger {
    /// The most characters of a sample's path.
    static let pathCharactersMax = 200

    private let samplesMax: Int
    private(set) var model = NoiseModel()
    private(set) var report = ComparisonReport()

    init(samplesMax: Int) { self.samplesMax = samplesMax }

    /// Takes one comparison; nil is one that couldn't be made.
    mutating func note(
        _ exchange: ComparedExchange, _ result: (differences: [ResponseDifference], noise: [ResponseDifference]?)?,
        at time: UTCTime
    ) {
        guard let (differences, noise) = result else { return report.unreadable += 1 }
        model.note(differences, noise: noise)
        report.compared += 1
        guard !differences.isEmpty else { return report.equal += 1 }
        // What differed between two answers of the primary to this very request is noise, whatever is known of others.
        let here = Set((noise ?? []).map(\.place.general))
        let real = differences.filter { !here.contains($0.place.general) && !model.isNoise($0.place) }
        guard !real.isEmpty else { return report.noise += 1 }
        report.different += 1
        keep(
            ComparisonReport.Sample(
                time: time, method: exchange.method, path: exchange.path.harmless(upTo: Self.pathCharactersMax),
                differences: real))
    }

    /// The latest are kept.
    private mutating func keep(_ sample: ComparisonReport.Sample) {
        guard samplesMax > 0 else { return }
        if report.samples.count == samplesMax { report.samples.removeLast() }
        report.samples.insert(sample, at: 0)
    }

    /// What is shown: places that differ more than by noise first, then by how often.
    var whole: ComparisonReport {
        var report = report
        report.measured = model.measurements
        report.differencesElsewhere = model.differencesElsewhere
        report.places = model.places.compactMap { place, counts in
            guard counts.differences > 0, let example = counts.example else { return nil }
            return ComparisonReport.Place(
                place: place, differences: counts.differences, noise: counts.noise,
                isReported: model.isReported(counts), example: example)
        }
        .sorted { a, b in
            if a.isReported != b.isReported { return a.isReported }
            return a.differences == b.differences
                ? a.place.description < b.place.description : a.differences > b.differences
        }
        return report
    }
}
