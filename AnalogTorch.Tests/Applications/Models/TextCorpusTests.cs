using AnalogTorch.Models.Data;
using AnalogTorch.Tests.Networks;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Models;

public class TextCorpusTests
{
    [Fact]
    public void GeneratedTextIsAFunctionOfTheSeed()
    {
        var (one, same, other) = (TextCorpus.GeneratedCharacters(200, 1), TextCorpus.GeneratedCharacters(200, 1), TextCorpus.GeneratedCharacters(200, 2));
        Assert.Equal(one.Train, same.Train);
        Assert.NotEqual(one.Train, other.Train);
        Assert.InRange(one.Vocabulary.Count, 15, 30);
        Assert.InRange((double)one.Test.Count / (one.Test.Count + one.Train.Count), 0.09, 0.11);
    }

    [Fact]
    public void GeneratedSentencesKeepTheirGrammar()
    {
        var corpus = TextCorpus.GeneratedWords(500, 3);
        var sentence = new List<string>();
        var sentences = 0;
        foreach (var word in corpus.Train.Select(number => corpus.Vocabulary[(int)number]))
        {
            if (word != "<eos>")
            {
                sentence.Add(word);
                continue;
            }
            // An article, perhaps an adjective, a noun; what follows without another article or clause is the verb with the noun's ending.
            Assert.Contains(sentence[0], new[] { "la", "un" });
            Assert.Equal(sentence.Count(part => part == "ke"), sentence.Count(part => part == "ne"));
            sentences++;
            sentence.Clear();
        }
        Assert.InRange(sentences, 400, 460);
    }

    [Fact]
    public void ColumnsGoOnWhereTheyWere()
    {
        using var scope = NewDisposeScope();
        var columns = TextCorpus.Columns([.. Enumerable.Range(0, 23).Select(number => (long)number)], 4);
        Assert.Equal([5, 4], columns.shape);
        Assert.Equal([0, 5, 10, 15], columns[0].data<long>().ToArray());
        Assert.Equal([4, 9, 14, 19], columns[4].data<long>().ToArray());
    }

    [Fact]
    public void TextsThatCannotBeUsedAreRefused()
    {
        Assert.Contains("1,000 characters", Assert.Throws<InvalidDataException>(() => TextCorpus.OfCharacters("short", "abc")).Message);
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.At("text"));
        File.WriteAllText(folder.At("text", "alice-in-wonderland.txt"), "no header");
        Assert.Contains("'*** START OF'", Assert.Throws<InvalidDataException>(() => TextCorpus.Alice(DataFolder.Open(folder.Path))).Message);
        File.WriteAllText(folder.At("text", "ptb.train.txt"), " a b \n");
        File.WriteAllText(folder.At("text", "ptb.test.txt"), " a c \n");
        Assert.Contains("the word 'c'", Assert.Throws<InvalidDataException>(() => TextCorpus.PennTreebank(DataFolder.Open(folder.Path))).Message);
        Assert.Throws<FileNotFoundException>(() => TextCorpus.Shakespeare(DataFolder.Open(folder.Path)));
    }

    [RealDataFact]
    public void RealTextsHaveTheirKnownSizes()
    {
        var folder = DataFolder.Open(Repository.DataFolder!);
        var treebank = TextCorpus.PennTreebank(folder);
        Assert.Equal((10_000, 929_589, 82_430), (treebank.Vocabulary.Count, treebank.Train.Count, treebank.Test.Count));
        Assert.Equal(65, TextCorpus.Shakespeare(folder).Vocabulary.Count);
        Assert.StartsWith("ALICE", string.Concat(TextCorpus.Alice(folder).Train.Take(200).Select(number => TextCorpus.Alice(folder).Vocabulary[(int)number])).Trim().ToUpperInvariant(), StringComparison.Ordinal);
    }
}
