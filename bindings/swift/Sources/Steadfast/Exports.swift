// The engine's own types are part of what an app imports.
@_exported import SteadfastCore
