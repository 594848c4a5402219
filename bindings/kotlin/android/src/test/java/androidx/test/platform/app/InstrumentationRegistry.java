package androidx.test.platform.app;

import android.app.Instrumentation;
import android.os.Bundle;

/** Holds the test's instrumentation. */
public final class InstrumentationRegistry {
    private static volatile Instrumentation instance;

    private InstrumentationRegistry() {}

    public static void registerInstance(Instrumentation instrumentation, Bundle arguments) {
        instance = instrumentation;
    }

    public static Instrumentation getInstrumentation() {
        return instance;
    }
}
