//! 256 short English words for comparing by voice: four of them carry 32 bits.

/// The list. Its order belongs to the protocol.
pub static WORDS: [&str; 256] = [
    "acorn", "airport", "album", "almond", "anchor", "apple", "apron", "arrow", "atlas", "autumn", "badger", "balcony", "bamboo", "banana", "barrel", "basket",
    "beaver", "bicycle", "biscuit", "blanket", "bottle", "bracelet", "branch", "breakfast", "bridge", "broccoli", "bucket", "buffalo", "butterfly", "button", "cabin", "cactus",
    "camel", "candle", "canyon", "captain", "caramel", "carpet", "caterpillar", "cello", "cherry", "chimney", "chipmunk", "chocolate", "cinnamon", "circus", "clarinet", "clover",
    "coconut", "coffee", "comet", "compass", "coral", "corkscrew", "cottage", "cowboy", "coyote", "crayon", "cricket", "crystal", "cucumber", "cupboard", "cushion", "daisy",
    "dentist", "detective", "diamond", "dolphin", "domino", "doorbell", "dragon", "drizzle", "drum", "dungeon", "eagle", "earring", "eclipse", "elbow", "elephant", "eleven",
    "emerald", "engine", "envelope", "fairy", "farmer", "feather", "festival", "fiddle", "finger", "flamingo", "flute", "forest", "fountain", "freckle", "frog", "galaxy",
    "garden", "garlic", "giant", "gingerbread", "giraffe", "glacier", "glitter", "goblin", "gorilla", "grape", "gravel", "guitar", "hammer", "handshake", "harbour", "harvest",
    "hazelnut", "helmet", "hippo", "holiday", "honey", "horizon", "hotel", "iceberg", "igloo", "insect", "island", "ivory", "jacket", "jaguar", "jelly", "jigsaw",
    "journey", "jukebox", "jungle", "kangaroo", "kayak", "ketchup", "kettle", "kingdom", "kitchen", "kiwi", "koala", "ladder", "lagoon", "lantern", "lava", "legend",
    "lemon", "leopard", "lettuce", "library", "lighthouse", "lizard", "lobster", "magnet", "mango", "marathon", "marble", "market", "melody", "mermaid", "meteor", "microphone",
    "mirror", "mitten", "monsoon", "mosaic", "mosquito", "motor", "muffin", "museum", "mushroom", "napkin", "nectar", "ninety", "noodle", "notebook", "nutmeg", "oatmeal",
    "ocean", "octopus", "olive", "onion", "orange", "orchard", "ostrich", "oven", "oyster", "padlock", "palace", "pancake", "panda", "parrot", "peacock", "pelican",
    "pencil", "penguin", "penny", "pepper", "piano", "picnic", "pigeon", "pillow", "pineapple", "planet", "platypus", "popcorn", "postcard", "powder", "prism", "pudding",
    "pumpkin", "puzzle", "pyramid", "quartz", "rabbit", "radio", "rainbow", "raven", "rhubarb", "ribbon", "robot", "rocket", "saddle", "sailor", "salad", "salmon",
    "sandwich", "satellite", "scarf", "school", "scissors", "seventeen", "shadow", "shovel", "silver", "skeleton", "snail", "spider", "spinach", "squirrel", "stadium", "sugar",
    "sunset", "tablet", "teapot", "tiger", "tomato", "tornado", "tractor", "trumpet", "tulip", "tunnel", "turtle", "umbrella", "vampire", "vanilla", "violin", "volcano",
];

#[cfg(test)]
mod tests;
