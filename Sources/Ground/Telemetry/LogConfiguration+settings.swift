// SPDX-License-Identifier: Apache-2.0

internal import Logging
package import Settings

extension LogConfiguration {
    package static var settings: SettingGroup<LogConfiguration> {
        SettingGroup(
            "Outrigger's own log, on standard error.",
            [
                .setting(
                    "level", \.level, .choice(aliases: ["warn": .warning, "fatal": .critical]),
                    "The least important events that are logged.", flags: [.flag("log-level")]),
                .setting(
                    "format", \.format, .choice, "Lines for people, or one JSON object per line.",
                    flags: [
                        .flag("log-as-json", gives: \.format, .isJSON, note: "The same as `log.format: json`.")
                    ]),
            ])
    }
}

extension SettingType where Value == LogConfiguration.Format {
    fileprivate static var isJSON: Self {
        let boolean = SettingType<Bool>.boolean
        return SettingType(
            expectation: boolean.expectation, placeholder: boolean.placeholder, schema: boolean.schema,
            parse: { text in boolean.parse(text).map { $0 ? .json : .text } }, text: { boolean.text($0 == .json) })
    }
}
