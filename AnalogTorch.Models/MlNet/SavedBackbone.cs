using System.Text.Json;
using AnalogTorch.Models.Data;
using AnalogTorch.Models.Networks;

namespace AnalogTorch.Models.MlNet;

/// <summary>A backbone as data: enough to make it anew, in this process or another.</summary>
internal sealed record SavedBackbone
{
    /// <summary>Name of the architecture in the zoo.</summary>
    public required string Architecture { get; init; }

    /// <summary>Name of the column of images.</summary>
    public required string InputColumn { get; init; }

    /// <summary>Name of the column of features.</summary>
    public required string OutputColumn { get; init; }

    /// <summary>Number of features.</summary>
    public required int Width { get; init; }

    /// <summary>The folder that paths of images are relative to.</summary>
    public required string Folder { get; init; }

    /// <summary>Length in pixels that the shorter side of an image is resized to.</summary>
    public required int ShorterSide { get; init; }

    /// <summary>Height and width in pixels of what is cut from the middle.</summary>
    public required int Crop { get; init; }

    /// <summary>Mean of each channel, of pixels in [0, 1].</summary>
    public required float[] Mean { get; init; }

    /// <summary>Standard deviation of each channel.</summary>
    public required float[] Deviation { get; init; }

    /// <summary>The weights, as TorchSharp saves them.</summary>
    public required byte[] Weights { get; init; }

    /// <summary>What becomes of images before the network sees them.</summary>
    public Preprocessing Preprocessing() => new(ShorterSide, Crop, Mean, Deviation);

    /// <summary>Makes the network and reads its weights.</summary>
    public ImageNetwork Build()
    {
        var backbone = Zoo.Backbone(Architecture);
        using var stream = new MemoryStream(Weights);
        backbone.load(stream);
        backbone.eval();
        return backbone;
    }

    /// <summary>The backbone as text.</summary>
    public string Write() => JsonSerializer.Serialize(this, StateJson.Options);

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static SavedBackbone Read(string state) => StateJson.Read<SavedBackbone>(state);
}
