package androidx.test.runner.intent;

import android.app.Instrumentation.ActivityResult;
import android.content.Intent;

/** There is none here. */
public interface IntentStubber {
    ActivityResult getActivityResultForIntent(Intent intent);
}
