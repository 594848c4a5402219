//! The app is closed and started again.

use super::{Observer, Pending, Simulation};
use steadfast::{Engine, Input};

impl Simulation {
    /// The app is closed and started again. Nothing is left of it but what the engine has saved.
    pub(super) fn restart(&mut self, observer: &mut impl Observer) {
        let wall = self.now.as_millis();
        let saved = self.engine.save(wall);
        self.seed = self.seed.wrapping_add(1);
        self.engine = Engine::new(self.config.clone(), self.seed, self.now);
        self.engine.restore(&saved, wall).expect("it was saved by this engine");
        self.pending.retain(|(_, pending)| *pending == Pending::NextRequest);
        self.open.clear();
        self.is_frozen = false;
        self.asleep_until = self.now;
        self.input(Input::Started, observer);
    }
}
