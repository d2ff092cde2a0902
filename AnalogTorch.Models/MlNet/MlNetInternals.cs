using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

// What is not public in ML.NET and cannot be had otherwise: see README.md in this folder.
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Transforms")]

namespace AnalogTorch.Models.MlNet
{
    /// <summary>What is needed of ML.NET and its public API does not give.</summary>
    internal static class MlNetInternals
    {
        /// <summary>The environment of a catalog such as <c>mlContext.Regression.Trainers</c>: seeds, logging, progress.</summary>
        public static IHostEnvironment EnvironmentOf(object catalog)
        {
            ArgumentNullException.ThrowIfNull(catalog);
            return GetEnvironment(null, catalog);
        }

        /// <summary>A column of a shape, which nobody outside ML.NET can make.</summary>
        [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
        public static extern SchemaShape.Column ShapeColumn(
            string name, SchemaShape.Column.VectorKind kind, DataViewType itemType, bool isKey, SchemaShape annotations);

        [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "GetEnvironment")]
        private static extern IHostEnvironment GetEnvironment(
            [UnsafeAccessorType("Microsoft.ML.Data.CatalogUtils, Microsoft.ML.Data")] object? of,
            [UnsafeAccessorType("Microsoft.ML.Data.IInternalCatalog, Microsoft.ML.Data")] object catalog);
    }
}

namespace System.Runtime.CompilerServices
{
    /// <summary>Known to the runtime by its name: types of that assembly may be used as if they were public.</summary>
    [AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
    internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
    {
        public string AssemblyName => assemblyName;
    }
}
