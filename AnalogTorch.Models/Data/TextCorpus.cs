using AnalogTorch.Checkpoints;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Data;

/// <summary>A text as numbers of its characters or words, in a part to train on and one to test on.</summary>
public sealed class TextCorpus
{
    private TextCorpus(string name, IReadOnlyList<string> vocabulary, long[] train, long[] test) => (Name, Vocabulary, Train, Test) = (name, vocabulary, train, test);

    /// <summary>What figures call it.</summary>
    public string Name { get; }

    /// <summary>The characters or words, by their numbers.</summary>
    public IReadOnlyList<string> Vocabulary { get; }

    /// <summary>Numbers of the training text.</summary>
    public IReadOnlyList<long> Train { get; }

    /// <summary>Numbers of the test text.</summary>
    public IReadOnlyList<long> Test { get; }

    /// <summary>"Alice in Wonderland" by characters, <c>text/alice-in-wonderland.txt</c> of Project Gutenberg without its header and licence; the last tenth is the test text.</summary>
    /// <exception cref="IOException">The file is not there, or is not that book.</exception>
    public static TextCorpus Alice(DataFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var path = folder.Find("text", "alice-in-wonderland.txt");
        var text = Text(path).ReplaceLineEndings("\n");
        var (start, end) = (text.IndexOf("*** START OF", StringComparison.Ordinal), text.IndexOf("*** END OF", StringComparison.Ordinal));
        if (start < 0 || end < start)
            throw new InvalidDataException($"{path} must be Project Gutenberg's file, with a line '*** START OF' and one '*** END OF', but has none.");
        return OfCharacters("Alice in Wonderland, characters", text[text.IndexOf('\n', start)..end].Trim());
    }

    /// <summary>The plays of Shakespeare by characters, <c>text/tinyshakespeare.txt</c>; the last tenth is the test text.</summary>
    /// <exception cref="IOException">The file is not there.</exception>
    public static TextCorpus Shakespeare(DataFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return OfCharacters("Tiny Shakespeare, characters", Text(folder.Find("text", "tinyshakespeare.txt")));
    }

    /// <summary>The Penn Treebank by words, <c>text/ptb.train.txt</c> and <c>text/ptb.test.txt</c> as Mikolov prepared them; a line ends with &lt;eos&gt;.</summary>
    /// <exception cref="IOException">A file is not there, or has a word that the training text has not.</exception>
    public static TextCorpus PennTreebank(DataFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return OfWords("Penn Treebank, words", Words(folder.Find("text", "ptb.train.txt")), Words(folder.Find("text", "ptb.test.txt")));

        static string[] Words(string path) =>
            [.. File.ReadLines(path).SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Append("<eos>"))];
    }

    /// <summary>Sentences that the program makes up, by characters.</summary>
    /// <param name="sentences">Number of sentences.</param>
    /// <param name="seed">The seed.</param>
    public static TextCorpus GeneratedCharacters(int sentences, long seed) =>
        OfCharacters("generated sentences, characters", string.Join(' ', GeneratedText.Create(sentences, seed).Select(words => string.Join(' ', words) + ".")));

    /// <summary>Sentences that the program makes up, by words.</summary>
    /// <inheritdoc cref="GeneratedCharacters"/>
    public static TextCorpus GeneratedWords(int sentences, long seed)
    {
        var words = GeneratedText.Create(sentences, seed).SelectMany(sentence => sentence.Append("<eos>")).ToArray();
        var (train, test) = (words[..(words.Length * 9 / 10)], words[(words.Length * 9 / 10)..]);
        return OfWords("generated sentences, words", words, test, train);
    }

    /// <summary>A text by characters; the last tenth is the test text.</summary>
    /// <param name="name">What figures call it.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="InvalidDataException">The text is shorter than a thousand characters.</exception>
    public static TextCorpus OfCharacters(string name, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length < 1000)
            throw new InvalidDataException($"A text to learn from must have 1,000 characters at least, but '{name}' has {text.Length}.");
        var vocabulary = text.Distinct().Order().Select(character => $"{character}").ToArray();
        var numbers = Numbers(vocabulary, text.Select(character => $"{character}"), name);
        return new(name, vocabulary, numbers[..(numbers.Length * 9 / 10)], numbers[(numbers.Length * 9 / 10)..]);
    }

    /// <summary>A text as columns that are read side by side, each going on where it was.</summary>
    /// <param name="numbers">The text.</param>
    /// <param name="columns">Number of columns.</param>
    /// <returns>int64 [time, columns], in the caller's dispose scope.</returns>
    public static Tensor Columns(IReadOnlyList<long> numbers, int columns)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        using var scope = NewDisposeScope();
        var length = numbers.Count / columns;
        return tensor(numbers.Take(length * columns).ToArray()).view(columns, length).t().contiguous().MoveToOuterDisposeScope();
    }

    private static TextCorpus OfWords(string name, string[] known, string[] test, string[]? train = null)
    {
        var vocabulary = known.Distinct().Order(StringComparer.Ordinal).ToArray();
        return new(name, vocabulary, Numbers(vocabulary, train ?? known, name), Numbers(vocabulary, test, name));
    }

    private static string Text(string path)
    {
        using var reader = new StreamReader(WholeFile.OpenRead(path));
        return reader.ReadToEnd();
    }

    private static long[] Numbers(string[] vocabulary, IEnumerable<string> tokens, string name)
    {
        var numbers = vocabulary.Select((token, number) => (token, (long)number)).ToDictionary();
        return [.. tokens.Select(token => numbers.TryGetValue(token, out var number) ? number : throw new InvalidDataException($"The test text of '{name}' has the word '{token}', which the training text has not; use files of one preparation."))];
    }
}
