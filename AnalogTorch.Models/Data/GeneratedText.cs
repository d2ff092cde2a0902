using AnalogTorch.Core;

namespace AnalogTorch.Models.Data;

/// <summary>Sentences of a made-up language with a grammar: what a network can learn from where no text is at hand.</summary>
/// <remarks>
/// Nouns, verbs and adjectives are made of syllables, and drawn by Zipf's law. An adjective ends as its noun does, the verb has the ending of its
/// subject, and a relative clause may stand between subject and verb, so that some of it takes memory.
/// </remarks>
internal static class GeneratedText
{
    private const int Nouns = 120, Verbs = 60, Adjectives = 60;
    private static readonly string[] Consonants = ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z"], Vowels = ["a", "e", "i", "o", "u"], Endings = ["a", "on", "is"];

    /// <summary>Sentences as words.</summary>
    /// <param name="count">Number of sentences.</param>
    /// <param name="seed">Seed of the sentences; the language is always the same.</param>
    public static IEnumerable<IReadOnlyList<string>> Create(int count, long seed)
    {
        var language = new Draws(Rng.FromSeed(0).Split("language"));
        var (nouns, verbs, adjectives) = (Stems(Nouns, 2, language), Stems(Verbs, 1, language), Stems(Adjectives, 1, language));
        for (var i = 0; i < count; i++)
        {
            var draws = new Draws(Rng.FromSeed(seed).Split("sentence").Split(i));
            var words = new List<string>();
            var ending = Phrase(words, draws);
            if (draws.Below(4) == 0)
            {
                words.Add("ke");
                words.Add(verbs[draws.Zipf(Verbs)] + ending);
                Phrase(words, draws);
                words.Add("ne");
            }
            words.Add(verbs[draws.Zipf(Verbs)] + ending);
            if (draws.Below(3) > 0)
                Phrase(words, draws);
            yield return words;
        }

        string Phrase(List<string> words, Draws draws)
        {
            var noun = draws.Zipf(Nouns);
            var ending = Endings[noun % Endings.Length];
            words.Add(draws.Below(2) == 0 ? "la" : "un");
            if (draws.Below(2) == 0)
                words.Add(adjectives[draws.Zipf(Adjectives)] + ending);
            words.Add(nouns[noun] + ending);
            return ending;
        }
    }

    private static string[] Stems(int count, int syllables, Draws draws)
    {
        var stems = new List<string>();
        while (stems.Count < count)
        {
            var stem = string.Concat(Enumerable.Range(0, syllables + draws.Below(2)).Select(_ => Consonants[draws.Below(Consonants.Length)] + Vowels[draws.Below(Vowels.Length)])) + Consonants[draws.Below(Consonants.Length)];
            if (!stems.Contains(stem))
                stems.Add(stem);
        }
        return [.. stems];
    }

    /// <summary>Numbers drawn one after another.</summary>
    private sealed class Draws(Rng rng)
    {
        private long count;

        public int Below(int limit) => (int)(Next() * limit);

        /// <summary>A number below a limit, the n-th of which comes with a probability proportional to 1/(n + 2).</summary>
        public int Zipf(int limit) => Math.Min((int)(2 * Math.Pow((limit + 2) / 2.0, Next()) - 2), limit - 1);

        private double Next() => (rng.Split(count++).Key >> 11) * Math.Pow(2, -53);
    }
}
