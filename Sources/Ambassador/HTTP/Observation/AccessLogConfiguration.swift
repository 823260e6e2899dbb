// SPDX-License-Identifier: Apache-2.0

package import Settings

/// Whether and how each request is written down.
package struct AccessLogConfiguration: Sendable, Equatable {
    package init() {}
}

extension AccessLogConfiguration {
    package static var settings: SettingGroup<AccessLogConfiguration> { SettingGroup("Whether and how each request is written down.", []) }
}
