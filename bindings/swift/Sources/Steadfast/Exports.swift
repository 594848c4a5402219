// The engine's own types are part of what an app imports; all else of that module is for this package only.
@_exported import SteadfastCore
