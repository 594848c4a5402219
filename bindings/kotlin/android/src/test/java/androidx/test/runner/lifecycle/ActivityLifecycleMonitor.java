package androidx.test.runner.lifecycle;

/** Nobody asks it here. */
public interface ActivityLifecycleMonitor {}
