// SPDX-License-Identifier: Apache-2.0

package import Settings

/// Which requests are tried again, how often, and at what cost.
package struct RetryConfiguration: Sendable, Equatable {
    package init() {}
}

extension RetryConfiguration {
    package static var settings: SettingGroup<RetryConfiguration> { SettingGroup("Which requests are tried again.", []) }
}
