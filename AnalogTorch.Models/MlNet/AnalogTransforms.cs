using AnalogTorch.Models.Networks;
using Microsoft.ML;

namespace AnalogTorch.Models.MlNet;

/// <summary>Networks among the transforms of ML.NET.</summary>
public static class AnalogTransforms
{
    /// <summary>Adds the features that a pretrained network sees in images; a trainer after it learns a last layer for classes of one's own.</summary>
    /// <remarks>
    /// Images are read, resized, cropped to their middle and normalised as the network wants it. The column holds paths of image files, image files as bytes, or
    /// pixels as ML.NET's <c>ExtractPixels</c> gives them. A model that is saved holds the network, and no images.
    /// </remarks>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="outputColumnName">Column of the features, a vector of Single.</param>
    /// <param name="inputColumnName">Column of the images.</param>
    /// <param name="weights">File of the weights: .safetensors, .pth, .onnx or .dat.</param>
    /// <param name="architecture">Name of the network in the <see cref="Zoo"/>.</param>
    /// <param name="imageFolder">Folder that paths of images are relative to.</param>
    /// <param name="side">Height and width in pixels that images are brought to; 0 for those of the network.</param>
    /// <exception cref="ArgumentException">There is no such architecture, it takes no images, or larger ones.</exception>
    /// <exception cref="InvalidDataException">The file does not hold its weights.</exception>
    public static BackboneFeaturesEstimator BackboneFeatures(
        this TransformsCatalog catalog, string outputColumnName, string inputColumnName, string weights, string architecture = "squeezenet1_1", string imageFolder = "", int side = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(outputColumnName);
        ArgumentException.ThrowIfNullOrEmpty(inputColumnName);
        ArgumentException.ThrowIfNullOrEmpty(weights);
        ArgumentException.ThrowIfNullOrEmpty(architecture);
        ArgumentNullException.ThrowIfNull(imageFolder);
        return new(MlNetInternals.EnvironmentOf(catalog), outputColumnName, inputColumnName, weights, architecture, imageFolder, side);
    }
}
