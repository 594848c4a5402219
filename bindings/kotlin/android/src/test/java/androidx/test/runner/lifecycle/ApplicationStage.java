package androidx.test.runner.lifecycle;

/** What an application goes through. */
public enum ApplicationStage { PRE_ON_CREATE, CREATED }
