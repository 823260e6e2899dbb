// SPDX-License-Identifier: Apache-2.0

internal import Core
internal import Settings

/// The pages that are made from the declarations of the settings.
package enum ConfigurationReference {
    package static var table: String { Configuration.settings.table(defaults: Configuration()) + "\n" }

    /// docs/reference/settings.md.
    package static var markdown: String {
        Configuration.settings.markdown(
            defaults: Configuration(), title: "Settings",
            introduction: """
                Made by `outrigger describe settings --format markdown`.

                A setting is written in `outrigger.yaml` (`app: {port: 8080}` is `app.port`), as a variable of the \
                environment, or as a flag. A flag wins over the environment, the environment over the file, and the \
                file over the default. `--config FILE` (`-c`) names a file and may be given several times; later files \
                win, key by key. Every setting takes effect at the start, unless its line says otherwise.

                A list's values are separated by commas in the environment, and its flag is given once for each. An \
                empty variable counts as none. A path in a file is relative to the file's folder, any other to the \
                working directory. Flags that give a port or an address of a listener leave the other part as it is.
                """)
    }

    /// docs/reference/settings.schema.json.
    package static var jsonSchema: String {
        Configuration.settings.jsonSchema(defaults: Configuration(), title: "outrigger.yaml")
    }

    /// What `outrigger run --help` prints.
    package static var runHelp: String {
        """
        Runs the sidecar, beside an app if a command is given.

        Usage: outrigger run [flags] [-- command args…]

        Examples:
          outrigger run -a cart -p 8080 -- python3 cart.py
          outrigger run -a web -p 8080 --https 8443 --http-redirect 8081 -- ./legacy
          outrigger run --config outrigger.yaml
          outrigger run -a cart -p 8080 -H 3500 -M 9090 -d ./resources --data-dir ./data -- ./cart

        \(flagHelp)

        """
    }

    /// What `outrigger check --help` prints.
    package static var checkHelp: String {
        """
        Reads the configuration and the resources as `outrigger run` does, says what is wrong, and starts nothing.

        Usage: outrigger check [flags]

        Examples:
          outrigger check --config outrigger.yaml
          outrigger check -a cart -d ./resources

        \(flagHelp)

        """
    }

    private static var flagHelp: String {
        """
        -c, --config FILE  An outrigger.yaml or a file of Dapr documents. May be given again; later files win.
        -h, --help         This text.
        --version          The version of Outrigger.

        \(Configuration.settings.flagHelp(defaults: Configuration()))

        Every setting has a key in outrigger.yaml and a variable of the environment as well; `outrigger describe
        settings` lists them all. Flags of `dapr run` and `daprd` for what Outrigger doesn't have are taken only where
        they ask for nothing, such as --enable-mtls=false.
        """
    }

    /// What `--version` prints.
    package static var version: String { "outrigger \(Version.outrigger) (Dapr API \(Version.dapr))" }
}
