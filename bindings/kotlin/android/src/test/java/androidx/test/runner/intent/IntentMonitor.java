package androidx.test.runner.intent;

/** Nobody asks it here. */
public interface IntentMonitor {}
