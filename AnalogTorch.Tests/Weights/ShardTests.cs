using System.Text.Json;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Models.Weights;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Weights;

/// <summary>A model in several files is read by its index as it is read from one file, or refused by a sentence that names file and tensor.</summary>
public sealed class ShardTests : IDisposable
{
    private const string First = "model-00001-of-00002.safetensors", Second = "model-00002-of-00002.safetensors";
    private readonly TemporaryFolder folder = new();

    private string Index => folder.At("model.safetensors.index.json");

    public void Dispose() => folder.Dispose();

    /// <summary>By the index, by its folder, from shards of either format.</summary>
    [Theory]
    [InlineData(".safetensors", false)]
    [InlineData(".safetensors", true)]
    [InlineData(".pth", false)]
    public void ShardsAreReadAsOneFile(string extension, bool byFolder)
    {
        using var scope = NewDisposeScope();
        var (first, second) = ($"a{extension}", $"b{extension}");
        var (model, other) = (Network(1), Network(2));
        Save(model, first, second);
        WriteIndex(Map(first, second));
        var path = byFolder ? folder.Path : Index;
        var report = other.LoadWeights(path);
        Assert.True(report.IsComplete);
        foreach (var (name, values) in model.state_dict())
            Assert.True(values.eq(other.state_dict()[name]).all().item<bool>(), name);
        using var file = WeightFile.Open(path);
        Assert.Equal(("sharded", Index, "224"), (file.Format, file.Path, file.Metadata["total_size"]));
        Assert.Equal(["one.weight", "one.bias", "two.weight", "two.bias"], file.Entries.Select(entry => entry.Name));
        Assert.True(model.FitsWeights(file));
    }

    /// <summary>A folder without an index is its only safetensors file.</summary>
    [Fact]
    public void AFolderIsItsOnlyFile()
    {
        using var scope = NewDisposeScope();
        var (model, other) = (Network(1), Network(2));
        string Says() => Assert.Throws<FileNotFoundException>(() => other.LoadWeights(folder.Path)).Message;
        Assert.Contains("neither an index of shards", Says(), StringComparison.Ordinal);
        model.SaveWeights(folder.At("model.safetensors"));
        Assert.True(other.LoadWeights(folder.Path).IsComplete);
        model.SaveWeights(folder.At("other.safetensors"));
        Assert.Contains("holds 2 files *.safetensors, as model.safetensors; name the one", Says(), StringComparison.Ordinal);
    }

    /// <summary>What a shard holds beyond the index is there, and refused by an exact fit as in one file.</summary>
    [Fact]
    public void WhatTheIndexLeavesOutIsThere()
    {
        using var scope = NewDisposeScope();
        var (model, other) = (Network(1), Network(2));
        Save(model, First, Second);
        WriteIndex([.. Map(First, Second).Where(entry => entry.Tensor != "two.bias")]);
        Assert.True(other.LoadWeights(Index).IsComplete);
        // A third shard holds what the second does.
        File.Copy(folder.At(Second), folder.At("third.safetensors"));
        WriteIndex(("one.weight", First), ("one.bias", First), ("two.weight", Second), ("two.bias", "third.safetensors"));
        Assert.True(other.LoadWeights(Index).IsComplete);
        Sequential(("two", Linear(5, 3)), ("rest", Linear(1, 1))).SaveWeights(folder.At(Second));
        Assert.Contains("rest.bias", Assert.Throws<InvalidDataException>(() => other.LoadWeights(Index)).Message, StringComparison.Ordinal);
        Assert.False(other.LoadWeights(Index, WeightFit.Covering).IsComplete);
        File.Copy(folder.At(Second), folder.At("third.safetensors"), overwrite: true);
        var message = Assert.Throws<InvalidDataException>(() => other.LoadWeights(Index, WeightFit.Covering)).Message;
        var expected = $"Tensor 'rest.weight' is in third.safetensors and in {Second}, and {Index} does not say which one it is;";
        Assert.StartsWith(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void ShardsThatDoNotFitTheIndex()
    {
        using var scope = NewDisposeScope();
        var (model, other) = (Network(1), Network(2));
        var before = other.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        Save(model, First, Second);
        string Says<T>(params (string Tensor, string Shard)[] map) where T : Exception
        {
            WriteIndex(map);
            var message = Assert.Throws<T>(() => other.LoadWeights(Index)).Message;
            Assert.DoesNotContain('\n', message);
            Assert.EndsWith(".", message, StringComparison.Ordinal);
            Assert.Contains(Index, message, StringComparison.Ordinal);
            return message;
        }
        var rest = Map(First, Second)[..3];
        var missing = Says<FileNotFoundException>([.. rest, ("two.bias", "third.safetensors")]);
        Assert.Contains("tensor 'two.bias' is in 'third.safetensors', but there is no such file", missing, StringComparison.Ordinal);
        var elsewhere = Says<InvalidDataException>([.. rest, ("two.bias", First)]);
        Assert.Contains($"tensor 'two.bias' is in '{First}', which does not hold it", elsewhere, StringComparison.Ordinal);
        foreach (var outside in new[] { "../stolen.safetensors", "/etc/passwd", "deeper/../../stolen.safetensors", "" })
        {
            var message = Says<InvalidDataException>(("one.bias", outside));
            Assert.Contains($"'one.bias' is in '{outside}', which is outside its folder", message, StringComparison.Ordinal);
        }
        var itself = Path.GetFileName(Index);
        Assert.Contains($"'{itself}', which is no file of weights", Says<InvalidDataException>(("one.bias", itself)), StringComparison.Ordinal);
        var twice = Says<InvalidDataException>(("one.bias", First), ("one.bias", First));
        Assert.Contains("names tensor 'one.bias' twice", twice, StringComparison.Ordinal);
        Assert.Contains("it names no tensor", Says<InvalidDataException>(), StringComparison.Ordinal);
        File.WriteAllBytes(folder.At(Second), File.ReadAllBytes(folder.At(Second))[..^4]);
        Assert.Matches($"^.*{Second} is damaged.*, as a shard of .*{Path.GetFileName(Index)}.$", Says<InvalidDataException>(Map(First, Second)));
        foreach (var (text, says) in new[]
        {
            ("""{"weight_map": {"one.bias": 3}}""", "is damaged"),
            ("""{"weight_map": {"one.bi""", "is damaged"),
            ("""{"weight_map": []}""", "is damaged"),
            ("""{"model_type": "gpt2"}""", "of no format that is read here"),
        })
        {
            File.WriteAllText(Index, text);
            Assert.Contains(says, Assert.Throws<InvalidDataException>(() => other.LoadWeights(Index)).Message, StringComparison.Ordinal);
        }
        // Nothing was changed by any of them.
        Assert.All(before, entry => Assert.True(entry.Value.eq(other.state_dict()[entry.Key]).all().item<bool>(), entry.Key));
    }

    /// <summary>A cache has links where shards are, to files elsewhere.</summary>
    [Fact]
    public void LinksAreFollowed()
    {
        using var scope = NewDisposeScope();
        using var elsewhere = new TemporaryFolder();
        var (model, other) = (Network(1), Network(2));
        Save(model, First, Second);
        WriteIndex(Map(First, Second));
        File.Move(folder.At(Second), elsewhere.At("blob"));
        File.CreateSymbolicLink(folder.At(Second), elsewhere.At("blob"));
        Assert.True(other.LoadWeights(folder.Path).IsComplete);
    }

    private static Module<Tensor, Tensor> Network(int seed)
    {
        var model = Sequential(("one", Linear(6, 5)), ("two", Linear(5, 3)));
        using var noGrad = no_grad();
        foreach (var (name, parameter) in model.named_parameters())
            parameter.copy_(Noise.Uniform(Rng.FromSeed(seed).Split(name), parameter.shape).sub_(0.5f));
        return model;
    }

    private static (string Tensor, string Shard)[] Map(string first, string second) =>
        [("one.weight", first), ("one.bias", first), ("two.weight", second), ("two.bias", second)];

    private void Save(Module<Tensor, Tensor> model, string first, string second)
    {
        foreach (var (layer, shard) in new[] { ("one", first), ("two", second) })
        {
            var part = Sequential((layer, (Module<Tensor, Tensor>)model.named_children().First(child => child.name == layer).module));
            part.SaveWeights(folder.At(shard));
        }
    }

    private void WriteIndex(params (string Tensor, string Shard)[] map)
    {
        var entries = string.Join(", ", map.Select(entry => $"{JsonSerializer.Serialize(entry.Tensor)}: {JsonSerializer.Serialize(entry.Shard)}"));
        File.WriteAllText(Index, """{"metadata": {"total_size": 224}, "weight_map": {""" + entries + "}}");
    }
}
