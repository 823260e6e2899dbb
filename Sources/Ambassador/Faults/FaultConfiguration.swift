// SPDX-License-Identifier: Apache-2.0

package import Settings

/// What goes wrong on purpose, for tests.
package struct FaultConfiguration: Sendable, Equatable {
    package init() {}
}

extension FaultConfiguration {
    package static var settings: SettingGroup<FaultConfiguration> { SettingGroup("What goes wrong on purpose, for tests.", []) }
}
