// SPDX-License-Identifier: Apache-2.0

package import Settings

/// Who gets copies of requests, and what is made of the answers.
package struct MirrorConfiguration: Sendable, Equatable {
    package init() {}
}

extension MirrorConfiguration {
    package static var settings: SettingGroup<MirrorConfiguration> { SettingGroup("Who gets copies of requests.", []) }
}
