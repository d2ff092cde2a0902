using System.Text.RegularExpressions;
using AnalogTorch.Core;

namespace AnalogTorch.Tests.Architecture;

/// <summary>Folder = namespace = layer, and what compiled code refers to lies below.</summary>
public partial class ImportTests
{
    private static readonly string[][] Layers =
    [
        ["Core"],
        ["Kernels"],
        ["Devices", "Periphery", "Updates"],
        ["Conductance"],
        ["Cells"],
        ["Tiles"],
        ["Layers"],
        ["Optim", "Inference", "Energy", "Checkpoints"],
        ["Presets"],
    ];

    private const string Root = "AnalogTorch";

    private static readonly TypeGraph Graph = TypeGraph.Of(typeof(HardwareConfig).Assembly.Location, Root);

    public static TheoryData<string> Folders => new(Layers.SelectMany(names => names));

    [Fact]
    public void FolderIsNamespaceAndEveryOneHasALayer() => Assert.All(Repository.LibrarySources(), file =>
    {
        var folder = file.Path.Split('/')[0];
        // The loader of the native library stands apart, in the root namespace.
        Assert.Equal(folder == "Native" ? Root : $"{Root}.{folder}", NamespaceLine().Match(file.Text).Groups[1].Value);
        Assert.True(folder == "Native" || LevelOf($"{Root}.{folder}") >= 0, $"The folder {folder} has no layer; add it to the table here and in the design.");
    });

    [Theory]
    [MemberData(nameof(Folders))]
    public void ReferencesPointDown(string folder)
    {
        var own = $"{Root}.{folder}";
        var edges = Graph.Edges.Where(edge => edge.From.Namespace == own && edge.To.Namespace != own && edge.To.Namespace != Root).ToArray();
        Assert.True(folder == "Core" || edges.Length > 0, $"Nothing of {folder} refers to anything, which cannot be.");
        Assert.All(edges, edge => Assert.True(LevelOf(edge.To.Namespace) < LevelOf(own), $"{edge.From.Name} of {folder} may not refer to {edge.To.Name} of {edge.To.Namespace}."));
    }

    [Fact]
    public void TheLoaderKnowsNoLayer() =>
        Assert.DoesNotContain(Graph.Edges, edge => edge.From.Namespace == Root && edge.To.Namespace.StartsWith($"{Root}.", StringComparison.Ordinal));

    [Theory]
    [InlineData("TileConfig", "UnitCell")] // a property
    [InlineData("LinearFunction", "RowExample")] // code
    [InlineData("AnalogSGD", "AnalogTile")]
    [InlineData("BoundedDevice", "UnitAttribute")] // an attribute
    public void TheGraphSeesWhatCodeRefersTo(string from, string to) => Assert.Contains(Graph.Edges, edge => edge.From.Name == from && edge.To.Name == to);

    private static int LevelOf(string ns) => Array.FindIndex(Layers, names => names.Contains(ns[(ns.LastIndexOf('.') + 1)..]));

    [GeneratedRegex(@"^namespace\s+([\w.]+)\s*;", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();
}
