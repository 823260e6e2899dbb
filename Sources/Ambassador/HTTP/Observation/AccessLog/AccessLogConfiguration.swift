// SPDX-License-Identifier: Apache-2.0

package import Core
package import Settings

/// Whether and how each request is written down.
///
/// A request is written if it is in the sample, or its status is high enough, or it took long enough. So `sample: 1`,
/// `status: 500` and `slow: 1s` together write one request of a hundred, and all that are worth a look.
package struct AccessLogConfiguration: Sendable, Equatable {
    /// Nil: nothing is written. `-` is standard output.
    package var path: String? = nil
    package var format = AccessLogFormat.json
    /// Headers of requests and of responses that JSON has beside the rest.
    package var requestHeaders: [String] = []
    package var responseHeaders: [String] = []
    /// The share of requests that is written whatever became of them.
    package var sample = Percentage.all
    /// The lowest status that is always written; nil: none.
    package var status: Int? = nil
    /// What took at least as long is always written; zero: nothing for that reason.
    package var slow = Duration.zero
    /// Lines that the disk hasn't taken; more are dropped and counted.
    package var buffer = ByteCount.mebibytes(1)

    package init() {}
}

extension AccessLogConfiguration {
    package static var settings: SettingGroup<AccessLogConfiguration> {
        SettingGroup(
            "Whether and how each request is written down.",
            [
                .setting(
                    "path", optional: \.path, .path,
                    "The file, opened again on SIGHUP; - is standard output. Without one nothing is written.", .path),
                .setting(
                    "format", \.format, .accessLogFormat,
                    "json, or a line such as %{client} %{method} %{target} %{status} %{duration}."),
                .setting(
                    "request-headers", list: \.requestHeaders, .accessLogHeader,
                    "Headers of requests that JSON has, too. Those that carry secrets are shown as hidden."),
                .setting(
                    "response-headers", list: \.responseHeaders, .accessLogHeader,
                    "Headers of responses that JSON has, too. Those that carry secrets are shown as hidden."),
                .setting(
                    "sample", \.sample, .percentage,
                    "How many percent of requests are written, whatever became of them."),
                .setting(
                    "status", optional: \.status, .integer(100...599),
                    "Requests with this status or a higher one are always written."),
                .setting(
                    "slow", \.slow, .duration(in: .zero...(.seconds(86_400))),
                    "Requests that took at least as long are always written; 0 is none."),
                .setting(
                    "buffer", \.buffer, .byteCount(in: .kibibytes(64)...(.mebibytes(1 << 10))),
                    "Lines that the disk hasn't taken; more are dropped and counted."),
            ])
    }
}

extension SettingType where Value == AccessLogFormat {
    static var accessLogFormat: Self {
        SettingType(
            expectation: "json, or a line with %{NAME} for " + AccessLogField.names.joined(separator: ", "),
            placeholder: "FORMAT", schema: .string(pattern: nil), parse: AccessLogFormat.init(text:), text: \.text)
    }
}

extension SettingType where Value == String {
    /// The name of a header, in lower case.
    fileprivate static var accessLogHeader: Self {
        SettingType(
            expectation: "the name of a header", placeholder: "NAME",
            schema: .string(pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"),
            parse: { AccessLogField.isHeaderName($0) ? $0.lowercased() : nil }, text: { $0 })
    }
}
