// SPDX-License-Identifier: Apache-2.0

package import Core
package import Settings
internal import WireHTTP

extension MirrorConfiguration {
    /// The most copies that one event loop has waiting or on their way.
    package static let queueMax = 10_000
    /// The most bytes of one message that are kept.
    package static let bodyMax = ByteCount.mebibytes(64)
    /// The most differences that are kept to be shown.
    package static let samplesMax = 1000

    package static var settings: SettingGroup<MirrorConfiguration> {
        SettingGroup("Who gets copies of requests. Answers to them reach no client.", sending + comparing)
    }

    private static var sending: [SettingMember<MirrorConfiguration>] {
        [
            .setting("to", optional: \.to, .text, "The upstream that gets copies.", changes: .live),
            .setting(
                "percent", \.percent, .percentage, "The part of the requests that is copied, in hundredths.",
                changes: .live),
            .setting(
                "methods", list: \.methods, .method,
                "What is copied; without any it is all, or GET and HEAD with `compare`.", changes: .live),
            .setting(
                "host", optional: \.host, .host,
                "The host that copies name; without one it is the request's. All copies have `X-Mirrored`.",
                changes: .live),
            .setting(
                "timeout", \.timeout, .duration(in: .milliseconds(1)...(.seconds(3600))),
                "How long a copy may take.", changes: .live),
            .setting(
                "queue", \.queue, .integer(1...queueMax),
                "Copies that wait or are on their way, on each event loop, and how many times `body` is kept of "
                    + "requests that pass; beyond it requests aren't copied.",
                changes: .live),
            .setting(
                "body", \.body, .byteCount(in: .kibibytes(1)...bodyMax),
                "Bytes of a request or of a response that are kept; requests that are longer aren't copied, responses "
                    + "aren't compared.", changes: .live),
        ]
    }

    private static var comparing: [SettingMember<MirrorConfiguration>] {
        [
            .setting(
                "compare", \.compare, .boolean,
                "Compares the answers; `outrigger routes compare` shows what differs.", changes: .live),
            .setting(
                "ignore", list: \.ignore, .ignoredPlace,
                "What may differ, beside what differs always, such as `date`.", changes: .live),
            .setting(
                "noise-every", \.noiseEvery, .integer(1...1_000_000),
                "Asks GET and HEAD twice where they belong, for one of so many compared requests: what differs then is "
                    + "noise.", changes: .live),
            .setting(
                "samples", \.samples, .integer(0...samplesMax), "Differences that are kept to be shown.",
                changes: .live),
        ]
    }
}

extension SettingType where Value == String {
    fileprivate static var method: Self {
        SettingType(
            expectation: "a method such as GET", placeholder: "METHOD", schema: .string(pattern: nil),
            parse: { HTTPFields.isName($0) ? $0 : nil }, text: { $0 })
    }
}
