// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Ambassador

@Suite struct NoiseModelTests {
    private func difference(_ text: String) -> ResponseDifference {
        ResponseDifference(.json(JSONPath(text: text) ?? JSONPath()), "1", "2")
    }

    private func place(_ text: String) -> ComparedPlace { .json(JSONPath(text: text) ?? JSONPath()) }

    /// So many comparisons, in some of which the candidate differs at `$.a`, and in some the primary from itself.
    private func model(_ count: Int, differences: Int, noise: Int) -> NoiseModel {
        var model = NoiseModel()
        for index in 0..<count {
            model.note(
                index < differences ? [difference("$.a")] : [], noise: index < noise ? [difference("$.a")] : [])
        }
        return model
    }

    @Test(
        "a place is reported if it differs clearly more often than by noise",
        arguments: [
            (100, 1, 0, true), (100, 100, 100, false), (100, 90, 100, false), (100, 100, 50, true),
            (100, 60, 45, false), (100, 60, 35, true), (10_000, 3, 0, false), (10_000, 4, 0, true),
            (100, 0, 50, false),
        ])
    func reported(count: Int, differences: Int, noise: Int, isReported: Bool) throws {
        let model = model(count, differences: differences, noise: noise)
        #expect(model.isReported(try #require(model.places[place("$.a")])) == isReported)
        #expect(model.isNoise(place("$.a")) == (!isReported && noise > 0))
    }

    @Test func `the noise of few measurements counts for all comparisons`() throws {
        var model = NoiseModel()
        for index in 0..<100 {
            model.note([difference("$.a")], noise: index.isMultiple(of: 10) ? [difference("$.a")] : nil)
        }
        #expect(model.comparisons == 100 && model.measurements == 10)
        #expect(model.isNoise(place("$.a")))
    }

    @Test func `elements of an array are one place`() throws {
        var model = NoiseModel()
        model.note([difference("$.a[1].id")], noise: [difference("$.a[7].id")])
        #expect(Set(model.places.keys) == [place("$.a[*].id")])
        #expect(model.isNoise(place("$.a[3].id")) && !model.isNoise(place("$.b")))
        #expect(model.places.values.first?.example?.place == place("$.a[1].id"))
    }

    @Test func `places beyond the limit are counted together`() {
        var model = NoiseModel()
        for index in 0..<NoiseModel.placesMax + 5 { model.note([difference("$.k\(index)")], noise: nil) }
        #expect(model.places.count == NoiseModel.placesMax && model.differencesElsewhere == 5)
        model.note([difference("$.k0")], noise: nil)
        #expect(model.places[place("$.k0")]?.differences == 2)
    }
}
